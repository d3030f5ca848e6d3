"""Builds comparisons from the parts of a record: pairs with a preference, and rankings of several completions."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import cast, get_args

from common.phrases import gettext_noop
from common.prompt_fields import UNKEPT
from labeling.exchange import certainties, conversations, parsing
from labeling.exchange.asking import Asked, with_system
from labeling.exchange.looks import control_token, looks_missing
from labeling.exchange.opinions import opinion, opinion_fields, person_name
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.records import CompletionText, ImportedComparison, JsonObject, Message, Preference, Vote
from labeling.exchange.repeats import unrepeated

NOBODY = ("import", "unknown", "adjudication")
"""Our exports write these in the place of an annotator where a verdict has no judgments."""

ANNOTATORS: tuple[str, ...] = (
    "annotator",
    "annotator_id",
    "annotator_name",
    "worker",
    "worker_id",
    "WorkerId",
    "labeler",
)
ANNOTATORS += ("labeler_id", "labeller", "labeller_id", "rater", "rater_id", "judge", "judge_id")
ANNOTATORS += ("evaluator", "evaluator_id", "reviewer", "reviewer_id", "grader", "grader_id")
"""The fields under which files name the person who judged."""

PERSONS = ("annotator", "judge")
"""Those that may hold an object."""

FIELDS_OF_PEOPLE = (*ANNOTATORS, "annotators", "annotator_email", "completed_by", "updated_by", "created_by")
FIELDS_OF_PEOPLE += ("last_created_by", "reviewers", "reviewed_by", "username", "user_name", "email")
"""The fields whose values are names of people, whether they are read or not."""

LEFT_OUT = ("pairs_left_out",)
"""The warning of a record some of whose pairs cannot be read."""

MOST_RANKED = 64
"""Completions in one ranking. All pairs of more would be thousands of comparisons."""

PREFERENCES = get_args(Preference)


def text_warnings(prompt: Sequence[Message], *texts: str) -> tuple[str, ...]:
    """The codes of what is unusual in the texts of a record."""
    is_marked = any(control_token(message["content"]) for message in prompt) or any(map(control_token, texts))
    is_twice = bool(prompt) and "tools" in prompt[0] and "<tools>" in prompt[0]["content"]
    is_missing = any(looks_missing(message["content"]) for message in prompt) or any(map(looks_missing, texts))
    found = {"control_tokens": is_marked, "tools_twice": is_twice, "missing_values": is_missing}
    return tuple(code for code, is_there in found.items() if is_there)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A completion with its score: higher is better."""

    completion: CompletionText
    score: float


@dataclass(frozen=True, slots=True)
class Source:
    """One record, and how it is read. annotator: the field with the name of who judged; empty: a usual one."""

    place: Place
    dialect: str
    record: JsonObject
    limits: ReadLimits
    annotator: str = ""

    @property
    def judge(self) -> tuple[str, str]:
        """The field with the name of the person who judged, and the name. Empty: the record names nobody."""
        fields = (self.annotator, *ANNOTATORS) if self.annotator else ANNOTATORS
        for field in fields:
            if field in self.record and (name := person_name(self.record[field], self.limits.name_chars)):
                return field, name
        return "", ""


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a preference, as ImportedComparison has it. None: not stated."""

    certainty: float | None = None
    confidence: float | None = None


NO_SIZE = Size()


def field_of_annotator(values: JsonObject, names: Collection[str]) -> tuple[str, str]:
    """The field that says that one of these people judged, and the name. Empty: there is none."""
    found = ((field, person_name(values.get(field), parsing.LONGEST_NAME)) for field in ANNOTATORS)
    return next((one for one in found if one[1] and one[1] in names), ("", ""))


def compare(
    source: Source,
    asked: Asked,
    sides: tuple[CompletionText, CompletionText],
    names: tuple[str, str],
    *,
    preference: Preference | None,
    size: Size = NO_SIZE,
    votes: tuple[Vote, ...] = (),
    used: Sequence[str] = (),
) -> ImportedComparison:
    """The comparison of two completions. used: the fields of the record that were read, besides the prompt's.

    votes: of a record with several opinions. The preference of a record that names its annotator is one, too.
    """
    place, record, limits = source.place, source.record, source.limits
    if preference is not None and not votes:
        votes, used = _named_opinion(source, preference, size.certainty, used)
    if "tools" in record:
        asked.prompt, used = conversations.with_tools(asked.prompt, record["tools"]), (*used, "tools")
    if asked.is_apart:
        sides = unrepeated(asked, sides, names)
    else:
        asked.prompt = with_system(record, asked.prompt, asked.used)
    parsing.check_completions(sides[0].text, sides[1].text, names)
    external_id = next((one for one in ("id", "question_id", "prompt_id") if record.get(one) is not None), "id")
    gold = parsing.optional_gold(record)
    tags = parsing.optional_tags(record, limits.tag_chars)
    read = (*asked.used, *used, external_id, *(["gold"] if gold or not record.get("gold") else []))
    read += ("tags",) if tags else ()
    metadata = parsing.rest(record, *read) | asked.extras
    # Empty, or the record would have been refused; and the names of people, which are kept where they can be erased.
    for name in (*UNKEPT, *(one for one in PERSONS if one in used)):
        metadata.pop(name, None)
    warnings = common_preference(votes)[1] if votes else ()
    if "gold" in metadata:
        warnings += ("other_gold",)
    return ImportedComparison(
        line=place.line,
        record=place.record,
        dialect=source.dialect,
        prompt=asked.prompt,
        first=sides[0],
        second=sides[1],
        preference=preference,
        votes=votes,
        certainty=size.certainty if preference in ("first", "second") else None,
        confidence=size.confidence,
        external_id=parsing.optional_name(record, external_id, limits.id_chars),
        gold=gold,
        metadata=metadata,
        fields=tuple(name for name in record if name not in metadata),
        warnings=warnings + text_warnings(asked.prompt, sides[0].text, sides[1].text),
        tags=tags,
    )


def _named_opinion(
    source: Source, preference: Preference, certainty: float | None, used: Sequence[str]
) -> tuple[tuple[Vote, ...], Sequence[str]]:
    """The opinion of the annotator that the record names, and the fields that were used. None: it names nobody."""
    record = source.record
    field, name = source.judge
    if not name or name in NOBODY:
        return (), used
    stated = {"certainty": certainty} if preference in ("first", "second") else {}
    return (opinion(name, preference, record, **stated),), (*used, field, *opinion_fields(record, preference))


def ranking(
    source: Source,
    asked: Asked,
    ranked: Sequence[Ranked],
    *,
    scored: bool = False,
    widest: float = 0,
    used: Sequence[str] = (),
) -> list[ImportedComparison]:
    """The comparisons of a ranking, as `ReadLimits.ranking` says: best against worst, all pairs, or neighbours.

    Pairs of equal texts are left out. Equal scores are a tie. scored: whether the differences of scores have a size, as
    those of ranks have not. widest: the largest difference of scores on a scale; 0: they are on none.
    """
    if not 2 <= len(ranked) <= MOST_RANKED:
        reason = gettext_noop("The ranking has %(number)s completions; from 2 to %(most)s can be read.")
        raise BadRecordError("ranking", reason, number=len(ranked), most=MOST_RANKED)
    best_first = sorted(ranked, key=lambda one: -one.score)
    pairs = {
        "best-worst": [(best_first[0], best_first[-1])],
        "neighbours": list(pairwise(best_first)),
        "all": list(combinations(best_first, 2)) if source.limits.ranking == "all" else [],
    }[source.limits.ranking]
    comparisons: list[ImportedComparison] = []
    refusal: BadRecordError | None = None
    for better, worse in pairs:
        preference: Preference = "tie" if better.score == worse.score else "first"
        try:
            texts = (better.completion, worse.completion)
            size = _size_of(better.score - worse.score, widest) if scored or widest else NO_SIZE
            names = ("better", "worse")
            comparisons.append(compare(source, asked, texts, names, preference=preference, size=size, used=used))
        except BadRecordError as error:
            refusal = error
    if not comparisons and refusal is not None:
        raise refusal
    return comparisons


def _size_of(difference: float, widest: float) -> Size:
    return Size(certainties.of_strength(difference, widest) if widest else certainties.of_difference(difference))


def common_preference(votes: Sequence[Vote]) -> tuple[Preference | None, tuple[str, ...]]:
    """The preference of most votes, and a warning if they disagree. None: no vote, or as many for another."""
    choices = Counter(vote.choice for vote in votes if vote.choice in PREFERENCES)
    ordered = choices.most_common(2)
    if not ordered:
        return None, ()
    if len(ordered) == 1:
        return cast(Preference, ordered[0][0]), ()
    leading = ordered[0][0] if ordered[0][1] > ordered[1][1] else None
    return cast(Preference | None, leading), ("several_opinions",)
