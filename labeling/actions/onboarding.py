"""Steps of annotators before anything is assigned to them: they read the guidelines, practise and qualify."""

import random
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Conflict, Invalid, NotFound
from labeling.access import CampaignNotFound, require_not_archived
from labeling.events.record import record
from labeling.judging.drafts import JudgmentDraft
from labeling.judging.queue import draw_left
from labeling.models import (
    Campaign,
    Choice,
    GuidelineReading,
    Membership,
    PracticeAnswer,
    PracticePair,
    PracticeRound,
    User,
)
from labeling.queries.standing import Step, next_step, open_round, standing_of, unanswered

Use = PracticePair.Use


class GuidelinesMoved(Conflict):
    type = "guidelines-moved"
    sentence = gettext_lazy("The guidelines have a newer version, %(number)s. Read that one.")


class NothingToPractise(Conflict):
    type = "nothing-to-practise"
    sentence = gettext_lazy("This campaign has no pairs to practise on. Ask its lead.")


class NoAttemptLeft(Conflict):
    type = "no-attempt-left"
    sentence = gettext_lazy("You have used all your attempts to qualify. Ask the lead of the campaign.")


class AttemptUnderWay(Conflict):
    type = "attempt-under-way"
    sentence = gettext_lazy("Finish your attempt to qualify first. Then you can practise.")


class NoNeedToQualify(Conflict):
    type = "no-need-to-qualify"
    sentence = gettext_lazy("You need not qualify now. The campaign's page shows what comes next.")


class NoSuchAnswer(NotFound):
    type = "practice-pair-not-found"
    sentence = gettext_lazy("You have no such practice pair. Ask for the next one.")


class AlreadyAnswered(Conflict):
    type = "already-answered"
    sentence = gettext_lazy("You have answered this pair already. Your first answer counts.")


@transaction.atomic
def read_guidelines(*, campaign: Campaign, number: int, acting_user: User, now: datetime) -> Membership:
    """Records that a member has read the newest version of the guidelines. Twice changes nothing.

    number: the version they read. Raises CampaignNotFound, Invalid; GuidelinesMoved if there is a newer version.
    """
    member = _locked_member(campaign, acting_user)
    version = campaign.guideline_versions.order_by("-number").first()
    if version is None or number > version.number:
        raise Invalid.of("number", _("There is no such version of the guidelines."))
    if number < version.number:
        raise GuidelinesMoved(number=version.number)
    _reading, is_new = GuidelineReading.objects.get_or_create(
        version=version, annotator=acting_user, defaults={"read_at": now}
    )
    if is_new or member.read_version != number:
        member.read_version = number
        member.save(update_fields=["read_version"])
        after = {"person": acting_user.pseudonym, "number": number}
        record("guidelines.read", version, acting_user=acting_user, now=now, campaign=campaign, after=after)
    return member


@transaction.atomic
def start_round(*, campaign: Campaign, use: str, acting_user: User, now: datetime) -> PracticeRound:
    """Starts a round of practice, or an attempt to qualify, with a side drawn for each pair.

    A round of the same use that is under way goes on. Practice is open to every member. Raises CampaignNotFound,
    NothingToPractise, NoAttemptLeft, AttemptUnderWay, and NoNeedToQualify.
    """
    member = _locked_member(campaign, acting_user)
    under_way = open_round(member)
    if under_way is not None and under_way.use == use:
        return under_way
    if under_way is not None and under_way.use == Use.QUALIFICATION:
        raise AttemptUnderWay
    if use == Use.QUALIFICATION:
        _check_may_qualify(member)
    pairs = _draw(member.campaign, use, acting_user)
    if not pairs:
        raise NothingToPractise
    # Practice that was given up, or a round from before the annotator had to start again.
    PracticeRound.objects.filter(campaign=campaign, annotator=acting_user, finished_at=None).delete()
    round_ = PracticeRound.objects.create(
        campaign=campaign,
        annotator=acting_user,
        use=use,
        guideline_version=campaign.guideline_versions.order_by("-number").first(),
        needed=member.campaign.qualification_right if use == Use.QUALIFICATION else 0,
        total=len(pairs),
        started_at=now,
    )
    sides = _draw_sides(len(pairs))
    PracticeAnswer.objects.bulk_create(
        PracticeAnswer(round=round_, annotator=acting_user, comparison_id=pair.pk, position=position, left=left)
        for position, (pair, left) in enumerate(zip(pairs, sides, strict=True), 1)
    )
    return round_


@transaction.atomic
def answer_practice(
    *,
    answer: int,
    choice: str,
    strength: int | None = None,
    criteria: Mapping[str, str] | None = None,
    acting_user: User,
    now: datetime,
) -> PracticeAnswer:
    """Answers a pair of the annotator's round; the last answer finishes the round.

    choice: left, right, tie or both_bad. strength, criteria: as in a judgment, where the campaign asks for them; only
    the choice is right or wrong. The same answer again changes nothing. Raises NoSuchAnswer, AlreadyAnswered, Invalid.
    """
    own = PracticeAnswer.objects.select_related("round__campaign").filter(pk=answer, annotator=acting_user).first()
    if own is None:
        raise NoSuchAnswer
    member = _locked_member(own.round.campaign, acting_user)
    rows = PracticeAnswer.objects.select_related("round__campaign", "comparison__practice")
    own = rows.select_for_update(of=("self",)).filter(pk=answer).first()
    if own is None:  # the pair was taken out of practice just now
        raise NoSuchAnswer
    draft = JudgmentDraft(choice, f"practice-{own.pk}", strength=strength, criteria=criteria)
    _check(draft, own.round.campaign)
    given = draft.canonical(own.left), draft.strength, draft.canonical_criteria(own.left)
    if own.choice:
        if (own.choice, own.strength, own.criteria) == given:
            return own
        raise AlreadyAnswered
    (own.choice, own.strength, own.criteria), own.answered_at = given, now
    own.is_right = own.choice == own.comparison.practice.winner
    own.save(update_fields=["choice", "strength", "criteria", "is_right", "answered_at"])
    own.round = _finish_if_over(own.round, member, now) or own.round
    return own


@transaction.atomic
def next_pair(*, round_: PracticeRound, acting_user: User, now: datetime) -> PracticeAnswer | None:
    """The next pair of a round. None: there is none, and the round is finished."""
    pair = unanswered(round_)
    if pair is None:
        _finish_if_over(round_, _locked_member(round_.campaign, acting_user), now)
    return pair


def _locked_member(campaign: Campaign, user: User) -> Membership:
    """The member, locked: it serialises all their acts. Raises CampaignNotFound, CampaignArchived."""
    members = Membership.objects.select_related("campaign", "user").filter(campaign=campaign, user=user)
    member = members.select_for_update(no_key=True, of=("self",)).first()
    if member is None:
        raise CampaignNotFound
    require_not_archived(campaign)
    return member


def _check_may_qualify(member: Membership) -> None:
    if next_step(member) != Step.QUALIFY:
        raise NoNeedToQualify
    standing = standing_of(member.campaign, member.user)
    if standing is not None and standing.attempts_left == 0:
        raise NoAttemptLeft


def _draw(campaign: Campaign, use: str, annotator: User) -> list[PracticePair]:
    """The pairs of a round: in practice all, in the lead's order; in a qualification those met least, shuffled."""
    pairs = list(PracticePair.objects.filter(campaign=campaign, use=use).order_by("set_at", "pk"))
    if use == Use.PRACTICE:
        return pairs
    met = Counter(
        PracticeAnswer.objects.filter(annotator=annotator, comparison__in=[pair.pk for pair in pairs]).values_list(
            "comparison_id", flat=True
        )
    )
    random.shuffle(pairs)
    pairs.sort(key=lambda pair: met[pair.pk])
    drawn = pairs[: campaign.qualification_pairs]
    random.shuffle(drawn)  # the order must not tell which ones were met before
    return drawn


def _draw_sides(number: int) -> list[str]:
    """The left completion of each pair, drawn as in the queue."""
    sides: list[str] = []
    for _number in range(number):
        sides.append(draw_left(sides.count("a") - sides.count("b")))
    return sides


def _check(draft: JudgmentDraft, campaign: Campaign) -> None:
    """Raises Invalid for an answer that the campaign does not offer, or one that leaves a required criterion out."""
    if draft.choice == Choice.SKIP:
        raise Invalid.of("choice", _("Choose one of the answers that the page offers."))
    draft.check()
    draft.check_against(campaign)


def _finish_if_over(round_: PracticeRound, member: Membership, now: datetime) -> PracticeRound | None:
    """Counts a round without open pairs and writes its result into the membership, which must be locked.

    Pairs may have been taken out of practice meanwhile. An attempt of which no pair is left never took place. Returns
    the round, if it is finished now.
    """
    open_now = PracticeRound.objects.filter(pk=round_.pk, finished_at=None).first()
    answers = list(round_.answers.values_list("is_right", flat=True))
    if open_now is None or None in answers:
        return None
    round_ = open_now
    if not answers and round_.use == Use.QUALIFICATION:
        round_.delete()
        return None
    round_.total, round_.right = len(answers), answers.count(True)
    round_.needed = min(round_.needed, round_.total)
    round_.finished_at = now
    round_.save(update_fields=["total", "right", "needed", "finished_at"])
    # The start counts: a round from before a demand of the lead does not meet it.
    if round_.use == Use.PRACTICE:
        verb, member.practised_at = "practice.finished", round_.started_at
        member.save(update_fields=["practised_at"])
    elif round_.is_passed:
        verb, member.qualified_at = "qualification.passed", round_.started_at
        member.save(update_fields=["qualified_at"])
    else:
        verb = "qualification.failed"
    after = {"person": member.user.pseudonym, "right": round_.right, "total": round_.total}
    record(verb, round_, acting_user=member.user, now=now, campaign=member.campaign, after=after)
    return round_
