"""How many judgments the opinions of a file would bring, for the preview of an import."""

from collections import Counter
from collections.abc import Mapping, Sequence

from labeling.actions.outside_annotators import Key, erased_annotators
from labeling.exchange import Vote
from labeling.models import Assignment, Campaign, Judgment, User


def new_judgments(campaign: Campaign, opinions: Sequence[tuple[str, Sequence[Vote]]]) -> int:
    """How many of these opinions the campaign does not have. opinions: with the hash of their pair."""
    names = {vote.annotator for _, votes in opinions for vote in votes} - {""}
    erased = erased_annotators(campaign, names)
    stated = _stated(campaign, {digest for digest, _ in opinions}, erased)
    new: dict[str, Counter[str]] = {}
    for digest, votes in opinions:
        counts = Counter(vote.annotator for vote in votes)
        here, known = new.setdefault(digest, Counter()), stated.get(digest, Counter())
        for name, count in counts.items():
            if name in erased:
                continue
            # A name judges a pair once. Without a name, one record says how many there are.
            wanted = min(count, 1) if name else count
            here[name] = max(here[name], wanted - known[name])
    return sum(counts.total() for counts in new.values())


def _stated(campaign: Campaign, digests: set[str], erased: Mapping[Key, User]) -> Mapping[str, Counter[str]]:
    """The names of those who have judged each pair, with the pseudonyms, and how many outside ones have no name."""
    rows = Judgment.objects.filter(
        campaign=campaign, comparison__pair_hash__in=digests, kind=Assignment.Kind.NORMAL
    ).values_list(
        "comparison__pair_hash", "annotator__pseudonym", "annotator__outside_name", "annotator__outside_campaign"
    )
    erased_names = {user.pseudonym for key, user in erased.items() if isinstance(key, str)}
    stated: dict[str, Counter[str]] = {}
    for digest, pseudonym, name, outside in rows:
        names = stated.setdefault(digest, Counter())
        names[pseudonym] += 1
        if outside is not None and pseudonym not in erased_names:
            names[name] += 1
    return stated
