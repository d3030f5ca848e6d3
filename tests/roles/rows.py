"""The rows that the requests of the role tests need: a scene, and what happens on it."""

from datetime import timedelta
from io import BytesIO

from django.contrib.auth.tokens import default_token_generator
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from labeling.actions.bulk import BulkOrder, Selection, start_bulk_act
from labeling.actions.campaigns import create_campaign
from labeling.actions.imports import import_prompts
from labeling.actions.invitations import create_invitation
from labeling.actions.onboarding import answer_practice, start_round
from labeling.actions.practice import make_practice
from labeling.actions.questions import answer_question, ask_question
from labeling.actions.webhooks import create_webhook
from labeling.models import (
    Comparison,
    Invitation,
    Membership,
    PracticeRound,
    Question,
    Role,
    User,
    Webhook,
)
from tests.browser.furnished import Furnished, furnish
from tests.browser.groups import grouping_of, search_for_groups
from tests.browser.price import price_job_of
from tests.browser.selection import choice_of, trial_of
from tests.browser.suite_runs import compared_runs
from tests.people import NOON, Stage, pair, person, stage
from tests.training.gates_by_people import hold, voted, voting_gate
from training.actions.people_gates import cancel_people_gate
from training.actions.snapshot_index import index_snapshot
from training.models import PeopleGate, PriceJob, RetrainingRule, SelectionJob, SelectionTrial, SuiteRun


class Scene:
    """Maya's campaign with judged comparisons, runs and versions, and another campaign."""

    def __init__(self) -> None:
        self.stage: Stage = stage(comparisons=4, overlap=2)
        self.furnished: Furnished = furnish(self.stage)
        self.other_lead = person("other_lead", Role.LEAD)
        self.expert = person("eve")
        self.stage.join(self.expert, role=Membership.Role.EXPERT)
        elsewhere = create_campaign(name="Elsewhere", acting_user=self.other_lead, now=NOON)
        Membership.objects.create(campaign=elsewhere, user=self.stage.charlie, created_at=NOON)

    @property
    def people(self) -> dict[str, User | None]:
        on_stage = self.stage
        return {
            "nobody": None,
            "charlie": on_stage.charlie,
            "alice": on_stage.alice,
            "eve": self.expert,
            "other_lead": self.other_lead,
            "maya": on_stage.maya,
            "root": on_stage.root,
        }


def suite_runs(scene: Scene) -> list[int]:
    """Two finished runs of one suite of Maya's campaign, the earlier one first."""
    return [run.pk for run in compared_runs(scene.stage, scene.furnished)]


def suite_run_in(scene: Scene, status: str) -> int:
    """A suite run in a state."""
    number = suite_runs(scene)[1]
    SuiteRun.objects.filter(pk=number).update(status=status)
    return number


def measuring(scene: Scene) -> str:
    """The campaign of a measurement of the learning curve that is under way."""
    PriceJob.objects.all().delete()
    return price_job_of(scene.stage, scene.furnished, "running").campaign.slug


def on_trial(scene: Scene) -> str:
    """The campaign with a trial of what to label next; nothing is being chosen."""
    SelectionTrial.objects.filter(campaign=scene.stage.campaign).delete()
    SelectionJob.objects.filter(campaign=scene.stage.campaign).delete()
    return trial_of(scene.stage, scene.furnished).campaign.slug


def choosing(scene: Scene) -> str:
    """The campaign with a choice of pairs that is under way."""
    slug = on_trial(scene)
    choice_of(scene.stage, scene.furnished, "running")
    return slug


def grouped(scene: Scene) -> str:
    """The slug of the campaign, with groups of annotators one of which has a version."""
    grouping = grouping_of(scene.stage)
    snapshot = scene.furnished.finished.snapshot
    snapshot.group = grouping.groups.get(name="North")
    snapshot.save(update_fields=["group"])
    return grouping.campaign.slug


def searched(scene: Scene, status: str) -> str:
    """The slug of the campaign, with a search for groups."""
    return search_for_groups(scene.stage, status).campaign.slug


def learned_judgment(scene: Scene) -> int:
    """A judgment of Alice's that the finished run learned from."""
    held = scene.stage.given(scene.stage.alice)
    judgment = scene.stage.judge(held)
    index_snapshot(scene.furnished.finished.snapshot, [judgment.comparison_id], read_until=scene.stage.now)
    return judgment.pk


def imported(scene: Scene) -> int:
    """The id of an import into Maya's campaign; the same one in every call."""
    on_stage = scene.stage
    batch = on_stage.campaign.batches.first()
    if batch is None:
        stream = BytesIO(b"Why?\n")
        batch = import_prompts(
            campaign=on_stage.campaign, stream=stream, file_name="prompts.txt", acting_user=on_stage.maya, now=NOON
        ).batch
    assert batch is not None
    return batch.pk


def acted(scene: Scene) -> int:
    """The id of a bulk act on a comparison of Maya's campaign."""
    return start_bulk_act(
        campaign=scene.stage.campaign,
        selection=Selection("comparisons", ids=(untouched(scene).pk,)),
        order=BulkOrder("prioritise"),
        acting_user=scene.stage.maya,
        now=NOON,
    ).pk


def webhook(scene: Scene) -> Webhook:
    """A webhook with a public address that no test ever calls."""
    return create_webhook(
        campaign=scene.stage.campaign,
        url="https://1.1.1.1/hook",
        event_types=["verdict.settled", "comparisons.added"],
        acting_user=scene.stage.maya,
        now=NOON,
    )


def delivery(scene: Scene) -> int:
    """A message waiting to be sent."""
    receiver = webhook(scene)
    scene.stage.add([pair(99)])
    return receiver.deliveries.get().pk


def own_judgment(scene: Scene) -> int:
    """An assignment that Alice has judged."""
    held = scene.stage.given(scene.stage.alice)
    scene.stage.judge(held)
    return held.pk


def asked(scene: Scene) -> Question:
    """A question of Alice's about the pair that she holds."""
    alice, held = scene.stage.alice, scene.stage.given(scene.stage.alice)
    return ask_question(assignment=held, text="Do units count?", acting_user=alice, now=NOON)


def published(scene: Scene) -> int:
    """A published answer to such a question."""
    question = answer_question(
        question=asked(scene), answer="Yes.", publish_as="Do units count?", acting_user=scene.stage.maya, now=NOON
    )
    return question.faq_entry.pk


def invited(scene: Scene) -> tuple[Invitation, str]:
    """An invitation and the token of its link."""
    now = timezone.now()
    return create_invitation(
        campaign=scene.stage.campaign, expires_at=now + timedelta(days=7), acting_user=scene.stage.maya, now=now
    )


def reset_link(user: User) -> list[str]:
    """The parts of a link to reset this user's password."""
    return [urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)]


def untouched(scene: Scene) -> Comparison:
    """A comparison of Maya's campaign, always the same one."""
    return Comparison.objects.filter(campaign=scene.stage.campaign).order_by("-pk")[0]


def marked(scene: Scene) -> Comparison:
    """The comparison that nobody touched, marked for practice."""
    maya = scene.stage.maya
    make_practice(comparison=untouched(scene), winner="a", explanation="It is true.", acting_user=maya, now=NOON)
    return untouched(scene)


def practising(scene: Scene) -> PracticeRound:
    """A practice round of Alice's with one pair."""
    marked(scene)
    alice = scene.stage.alice
    return start_round(campaign=scene.stage.campaign, use="practice", acting_user=alice, now=NOON)


def practised(scene: Scene) -> PracticeRound:
    """The same, finished."""
    round_ = practising(scene)
    answer_practice(answer=round_.answers.get().pk, choice="left", acting_user=scene.stage.alice, now=NOON)
    return round_


def conflict(on_stage: Stage) -> int:
    """A comparison on which Alice and Bob disagree."""
    held = on_stage.given(on_stage.alice)
    on_stage.vote(held, "a")
    again = on_stage.given(on_stage.bob)
    while again.comparison_id != held.comparison_id:
        on_stage.vote(again, "b")
        again = on_stage.given(on_stage.bob)
    on_stage.vote(again, "b")
    return held.comparison_id


def paused(scene: Scene) -> str:
    """The campaign's slug; a rollback has paused its automatic retraining."""
    values = {"enabled": True, "paused_at": scene.stage.now, "updated_at": scene.stage.now}
    RetrainingRule.objects.update_or_create(campaign=scene.stage.campaign, defaults=values)
    return scene.stage.campaign.slug


def compared(scene: Scene) -> PeopleGate:
    """A gate in which people may vote."""
    return voting_gate(scene.stage.campaign, scene.furnished.two, scene.furnished.one, error=0.4)


def testable(scene: Scene) -> str:
    """The campaign's slug; enough of its prompts are held for a gate, and an earlier one was cancelled."""
    campaign = scene.stage.campaign
    scene.stage.add([pair(number) for number in range(200, 220)])
    hold(campaign)
    cancel_people_gate(gate=compared(scene), acting_user=None, now=NOON)
    return campaign.slug


def decided(scene: Scene) -> PeopleGate:
    """A gate that people have decided."""
    return voted(compared(scene), scene.stage.alice, ["candidate"] * 3)
