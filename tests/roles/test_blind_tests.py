"""While a blind test goes on, no page and no address of the API tells its leads which version wrote a text.

Secrets are planted in everything that only one of the versions has. A lead then reads every address there is: about the
test wherever the address can be about it.
"""

import gzip
import io
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from django.db import transaction
from django.urls import reverse

from labeling.exchange import WRITERS
from labeling.judging.acts import judge
from labeling.judging.drafts import JudgmentDraft
from labeling.models import Completion
from labeling.queries.attention import attention
from tests.people import NOON, pair
from tests.roles.calls import ARGUMENTS, ask, prepare
from tests.roles.rows import Scene
from tests.roles.rules import PEOPLE, RULES
from tests.training.gates_by_people import hold, next_vote, opened, vote, written
from training.actions.lens import start_lens_job
from training.actions.people_gate_votes import join_votes
from training.actions.people_gates import cancel_people_gate, look_at_gate
from training.errors import HiddenUntilItsEnd
from training.lens.pairs import subject_of_comparison
from training.models import GenerationItem, GenerationJob, PeopleGate
from training.versions import files

pytestmark = pytest.mark.django_db

MAYA = list(PEOPLE).index("maya")
SEED = 86_420_975_310


@pytest.fixture(autouse=True)
def _no_files(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    """The versions on stage are rows without files."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(files, "check_version", lambda version: None)


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def gate(scene: Scene) -> PeopleGate:
    """A gate in which people vote: one vote is given, and one pair is flagged."""
    campaign, furnished, alice = scene.stage.campaign, scene.furnished, scene.stage.alice
    scene.stage.add([pair(number) for number in range(200, 220)])
    hold(campaign)
    made = opened(campaign, furnished.two, scene.stage.maya, error=0.1)
    GenerationJob.objects.filter(pk=made.job_id).update(seed=SEED)
    made = written(made)
    assert made.status == "voting"
    first, flagged = next_vote(made, alice), None
    assert first is not None
    vote(made, first, "candidate")
    flagged = next_vote(made, alice)
    assert flagged is not None
    draft = JudgmentDraft("skip", "flagged", skip_reason="Something else", flag="harm")
    judge(assignment=flagged, draft=draft, acting_user=alice, now=NOON)
    return look_at_gate(gate_id=made.pk, now=NOON)


def secrets(gate: PeopleGate) -> list[str]:
    """Values that only one of the versions has, or with which its texts could be written again."""
    items = list(GenerationItem.objects.filter(job=gate.job))
    written_as = [(item.seed_first, item.first, item.second) for item in items]
    assert all(one and other and one["seed"] == seed and one["server"] == "scripted" for seed, one, other in written_as)
    seeds = [str(seed) for item in items for seed in (item.seed_first, item.seed_second)]
    return [*seeds, str(SEED), "scripted"]


def address_about(name: str, scene: Scene, gate: PeopleGate) -> str:
    """The address with that name about the blind test; where it cannot be about it, about something else."""
    test = gate.blind_test
    one = gate.pairs.select_related("comparison").order_by("pk")[0].comparison
    voter = scene.stage.alice
    groups: list[tuple[tuple[str, ...], list[Any]]] = [
        (("comparison", "api-comparisons-uses"), [test.slug, one.pk]),
        (("prompt", "api-prompts-uses"), [test.slug, one.prompt_id]),
        (("annotator", "api-member"), [test.slug, voter.username]),
        (("annotator_table",), [test.slug, voter.username, "figures"]),
        (("statistics_table",), [test.slug, "figures"]),
        (("people_gate", "api-people-gate"), [gate.pk]),
        (("api-generation",), [gate.job_id]),
        (("api-held-prompts", "api-people-gates"), [gate.campaign.slug]),
    ]
    for names, arguments in groups:
        if name in names:
            return reverse(name, args=arguments)
    path = prepare(name, "GET", scene)
    return path if name in ARGUMENTS else path.replace("/campaigns/sums/", f"/campaigns/{test.slug}/")


def readable(body: bytes) -> str:
    """A response as text: the members of an archive, and the rows of a table, too."""
    if body.startswith(b"PK\x03\x04"):
        archive = zipfile.ZipFile(io.BytesIO(body))
        return "\n".join(readable(archive.read(name)) for name in archive.namelist())
    if body.startswith(b"\x1f\x8b"):
        return readable(gzip.decompress(body))
    if body.startswith(b"PAR1"):
        return str(parquet.read_table(io.BytesIO(body)).to_pylist())
    return body.decode(errors="replace")


@pytest.mark.long
def test_nothing_that_a_lead_can_read_tells_which_version_wrote_a_text(scene: Scene, gate: PeopleGate) -> None:
    planted, maya, test = secrets(gate), scene.stage.maya, gate.blind_test
    names = [name for name, methods in sorted(RULES.items()) if methods.get("GET", "")[MAYA : MAYA + 1] == "2"]
    addresses = [(name, partial(address_about, name, scene, gate)) for name in names]
    export = reverse("api-export", args=[test.slug])
    fixed = {
        **{f"export as {dialect}": f"{export}?dialect={dialect}" for dialect in WRITERS},
        "comparisons of the candidate": f"{reverse('comparisons', args=[test.slug])}?model_version=sums-v2",
        "events of the test": f"{reverse('api-events', args=[test.slug])}?page_size=500",
    }
    addresses += [(name, partial(str, path)) for name, path in fixed.items()]
    read, told = 0, []
    for name, path in addresses:
        with transaction.atomic():
            answer = ask(maya, name, "GET", path())
            transaction.set_rollback(True)  # each address has its own rows
        assert answer.status_code < 500, name
        read += answer.status_code == 200
        text = "" if name == "schema" else readable(answer.whole)  # the same for everybody, with examples
        told += [f"{name} tells {secret}" for secret in planted if secret in text]
    assert not told
    assert read > 130, "most addresses have something to read"


def test_the_rows_of_a_blind_test_are_in_an_order_that_says_nothing(gate: PeopleGate) -> None:
    for one in gate.pairs.select_related("comparison__completion_a", "comparison__completion_b"):
        a, b = one.comparison.completion_a, one.comparison.completion_b
        assert a.pk < b.pk  # a and b are sides by hash
        assert a.created_at == b.created_at
    stored = Completion.objects.filter(prompt__campaign=gate.blind_test)
    values = stored.order_by().values_list("model_version", "server", "seed", "logprob_sum", "metadata").distinct()
    assert list(values) == [("", "", None, None, None)]


def test_the_lens_does_not_look_into_a_blind_test_that_goes_on(scene: Scene, gate: PeopleGate) -> None:
    one = gate.pairs.select_related("comparison").order_by("pk")[0].comparison
    with pytest.raises(HiddenUntilItsEnd):
        start_lens_job(
            version=scene.furnished.two,
            subject=subject_of_comparison(one),
            acting_user=scene.stage.maya,
            now=NOON,
            hand_to_worker=False,
        )


def test_flags_are_in_the_inbox_once_the_blind_test_is_over(scene: Scene, gate: PeopleGate) -> None:
    key, maya = f"flags-{gate.blind_test_id}", scene.stage.maya
    assert key not in {item.key for item in attention(maya).items}
    cancel_people_gate(gate=gate, acting_user=maya, now=NOON)
    assert key in {item.key for item in attention(maya).items}


def test_texts_that_join_the_training_pool_have_their_seeds_and_versions_again(scene: Scene, gate: PeopleGate) -> None:
    while gate.is_open:
        assignment = next_vote(gate, scene.stage.alice)
        assert assignment is not None
        vote(gate, assignment, "candidate")
        gate = look_at_gate(gate_id=gate.pk, now=NOON)
    assert join_votes(gate=gate, acting_user=scene.stage.maya, now=NOON) > 1
    joined = Completion.objects.filter(prompt__campaign=gate.campaign, server="scripted")
    writers = dict(joined.values_list("seed", "model_version"))
    for item in GenerationItem.objects.filter(job=gate.job, seed_first__in=list(writers)):
        assert (writers[item.seed_first], writers[item.seed_second]) == (gate.candidate.name, gate.serving.name)
    assert len(writers) > 1
