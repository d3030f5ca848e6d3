"""The stage of the training tests: Maya leads, Alice and Bob annotate, Charlie leads another campaign and sees nothing.

Nothing here touches a database or a model before a test asks for it: the engine's and the sampler's tests need neither.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rest_framework.test import APIClient

    from labeling.models import Campaign, User
    from tests.people import Stage
    from tests.training.stub import StubServer
    from training.models import GenerationJob, ModelVersion

PROJECT_DIR = Path(__file__).resolve().parents[2]
SHARED_DATA = PROJECT_DIR.parent / "shared" / "data"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TINY_SETTINGS = {"max_tokens": 12, "temperature": 1.0}
QUESTIONS = tuple(f"what does the {color} {animal} see ?" for color in ("red", "blue", "old") for animal in "abcdef")


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """SmolLM2-135M-Instruct, in CHOSEN_TEST_MODEL or where `make run` keeps it; workers that ask together share one."""
    from training.generation import prepare_model

    default = PROJECT_DIR / "var" / "models" / "smollm2-135m-instruct"
    return prepare_model(Path(os.environ.get("CHOSEN_TEST_MODEL", default)))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model."""
    from tests.training.tiny import write_tiny_model

    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "tiny-base")


@pytest.fixture
def var_dir(settings: Any, tmp_path: Path) -> Path:
    """A `var/` of the test's own."""
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture(autouse=True)
def _quiet_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread for each child: tests run side by side, and the tiny model has nothing to share out."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def account(name: str, role: str) -> User:
    from labeling.actions.people import create_user

    return create_user(username=name, role=role, password=None, acting_user=None, now=NOW)[0]


@pytest.fixture
def maya(db: None) -> User:
    """Leads the campaign."""
    return account("maya", "lead")


@pytest.fixture
def alice(db: None) -> User:
    """Annotates in it."""
    return account("alice", "annotator")


@pytest.fixture
def charlie(db: None) -> User:
    """Leads another campaign and must see nothing of this one."""
    from labeling.actions.campaigns import create_campaign

    user = account("charlie", "lead")
    create_campaign(name="Charlie's", acting_user=user, now=NOW)
    return user


@pytest.fixture
def campaign(maya: User, alice: User) -> Campaign:
    """Maya's campaign: active, eighteen prompts, Alice a member."""
    from labeling.actions.campaigns import change_campaign_status, create_campaign
    from labeling.actions.members import add_member
    from labeling.actions.prompts import PromptDraft, add_prompts

    made = create_campaign(name="Tiny", slug="tiny", acting_user=maya, now=NOW)
    add_prompts(
        campaign=made,
        prompts=[PromptDraft([{"role": "user", "content": question}]) for question in QUESTIONS],
        acting_user=maya,
        now=NOW,
    )
    add_member(campaign=made, user=alice, role="annotator", acting_user=maya, now=NOW)
    return change_campaign_status(campaign=made, status="active", acting_user=maya, now=NOW)


@pytest.fixture
def base(db: None, tiny_model: Path, var_dir: Path) -> ModelVersion:
    """The tiny model, registered and serving."""
    from training.actions.versions import promote, register_base_version

    version = register_base_version(name="tiny-base", directory=tiny_model, acting_user=None, now=NOW)
    promote(version=version, acting_user=None, now=NOW)
    return version


def judge_all(
    campaign: Campaign,
    annotator: User,
    *,
    limit: int | None = None,
    now: datetime = NOW,
    seconds: float = 0,
) -> int:
    """An annotator judges what is given: the shorter text wins, and equal lengths go left. Returns how many.

    seconds: how long each pair is on display.
    """
    from labeling.judging.acts import judge
    from labeling.judging.assignments import next_assignments
    from labeling.judging.drafts import JudgmentDraft

    judged = 0
    while limit is None or judged < limit:
        assignment = next_assignments(campaign=campaign, acting_user=annotator, now=now).next
        if assignment is None:
            break
        sides = {"a": assignment.comparison.completion_a.text, "b": assignment.comparison.completion_b.text}
        left, right = sides[assignment.left], sides[assignment.right]
        choice = "left" if len(left) <= len(right) else "right"
        draft = JudgmentDraft(choice, f"{assignment.pk}", seconds=seconds or None)
        judge(assignment=assignment, draft=draft, acting_user=annotator, now=now + timedelta(seconds=seconds))
        judged += 1
    return judged


def add_written_pairs(campaign: Campaign, *, preference: str | None = None, per_prompt: int = 1) -> None:
    """Comparisons that nobody had to generate: a short and a long text for every prompt."""
    from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
    from labeling.actions.comparisons import add_comparisons

    drafts = [
        ComparisonDraft(
            prompt=prompt,
            first=CompletionDraft(f"the cat sees {word}"),
            second=CompletionDraft(f"the old dog slowly walks over the new road and finds {word} there"),
            preference=preference,
        )
        for prompt in campaign.prompts.order_by("pk")
        for word in ("bread", "tea", "rain")[:per_prompt]
    ]
    add_comparisons(campaign=campaign, drafts=drafts, source="test", acting_user=None, now=NOW)


@pytest.fixture
def server(settings: Any) -> Iterator[StubServer]:
    """The only server that GENERATOR_URL names."""
    from tests.training.stub import stub

    with stub() as started:
        settings.GENERATOR_URLS = [started.address]
        yield started


@pytest.fixture
def second(settings: Any, server: StubServer) -> Iterator[StubServer]:
    """Another one beside it."""
    from tests.training.stub import stub

    with stub() as started:
        settings.GENERATOR_URLS = [server.address, started.address]
        yield started


def make_version(base: ModelVersion, folder: Path, name: str, parent: ModelVersion | None = None) -> ModelVersion:
    """A version whose adapter is two files."""
    from training.models import ModelVersion
    from training.versions.files import content_hash

    adapter = folder / "versions" / name / "adapter"
    adapter.mkdir(parents=True)
    (adapter / "adapter_config.json").write_text('{"base_model_name_or_path": "/here/tiny", "r": 4}')
    (adapter / "adapter_model.safetensors").write_bytes(f"weights of {name}".encode() * 1000)
    return ModelVersion.objects.create(
        name=name,
        base_dir=base.base_dir,
        adapter_dir=str(adapter),
        content_hash=content_hash(adapter),
        parent=parent or base,
        lineage={"base_hash": base.content_hash},
        metrics={"reward_accuracy": 0.75, "pairs": 24},
        created_at=NOW,
    )


@pytest.fixture
def trained(base: ModelVersion, var_dir: Path) -> ModelVersion:
    """A version with an adapter on the disk."""
    return make_version(base, var_dir, "tiny-v1")


@pytest.fixture
def line(base: ModelVersion, var_dir: Path) -> list[ModelVersion]:
    """The base and v1 to v6, each trained from the one before it; v3 served, v5 serves."""
    from training.actions.versions import promote

    made = [base]
    for number in range(1, 7):
        made.append(make_version(base, var_dir, f"v{number}", made[-1]))
    for number in (3, 5):
        promote(version=made[number], acting_user=None, now=NOW)
    return made


@pytest.fixture
def scene(db: None, tiny_model: Path, var_dir: Path) -> Stage:
    """Maya's campaign `sums` with twenty imported verdicts; the tiny model serves."""
    from tests.people import NOON, pair, stage
    from training.actions.versions import promote, register_base_version

    scene = stage()
    scene.add([pair(number, preference="first") for number in range(20)])
    base = register_base_version(name="tiny-base", directory=tiny_model, acting_user=None, now=NOON)
    promote(version=base, acting_user=None, now=NOON)
    return scene


def child_of(base: ModelVersion, scene: Stage) -> ModelVersion:
    """A version that the campaign has trained, as far as rights are concerned: its files are the base's."""
    from tests.people import NOON
    from training.actions.runs import start_run
    from training.models import JobStatus, ModelVersion, Run

    run = start_run(campaign=scene.campaign, acting_user=scene.maya, now=NOON)
    Run.objects.filter(pk=run.pk).update(status=JobStatus.FINISHED)
    return ModelVersion.objects.create(
        name="sums-v1",
        base_dir=base.base_dir,
        content_hash=base.content_hash,
        parent=base,
        run=run,
        created_at=NOON,
    )


@pytest.fixture
def demo(db: None, settings: Any, tiny_model: Path, var_dir: Path) -> list[str]:
    """The demo made on the tiny model; returns the lines that the command printed."""
    from tests.training.commands import output_of

    settings.BASE_MODEL_DIR, settings.BASE_MODEL_NAME = tiny_model, "tiny-base"
    return output_of("demo").splitlines()


@pytest.fixture
def maya_calls(maya: User) -> APIClient:
    """A client of the API that is signed in as Maya."""
    from rest_framework.test import APIClient

    client = APIClient()
    client.force_authenticate(maya)
    return client


@pytest.fixture
def labeled(campaign: Campaign, base: ModelVersion, alice: User) -> Campaign:
    """The campaign with pairs that a model wrote, all of them judged."""
    add_written_pairs(campaign)
    judge_all(campaign, alice)
    return campaign


@pytest.fixture
def job(campaign: Campaign, base: ModelVersion) -> GenerationJob:
    """A queued generation job."""
    from training.actions.generation import start_generation
    from training.actions.planning import GenerationSpec

    spec = GenerationSpec(settings=TINY_SETTINGS, seed=3)
    return start_generation(campaign=campaign, acting_user=None, now=NOW, spec=spec)
