"""The lists of prompts and comparisons, acts on many of them, and the page of an import."""

import json
from io import BytesIO

from playwright.sync_api import Page

from labeling.actions.campaigns import create_campaign
from labeling.actions.import_reports import ImportSettings
from labeling.actions.imports import import_comparisons, import_prompts
from labeling.actions.previews import prepare_import
from labeling.models import Comparison
from tests.browser.forms.entry import Entry
from tests.browser.forms.world import World
from tests.browser.imports import bulk_of

PROMPTS = "/campaigns/sums/prompts/"
COMPARISONS = "/campaigns/sums/comparisons/"
IMPORT = "/campaigns/sums/data/imports/{batch}/"
NO_CHOICE = "Choose at least one row"
RETIRES_PROMPTS = "No model writes for them any longer"


def _preview(world: World, content: bytes, *, kind: str = "prompts") -> dict[str, object]:
    """A preview of a file that Maya uploaded."""
    batch = prepare_import(
        campaign=world.stage.campaign,
        kind=kind,
        stream=BytesIO(content),
        name="questions.txt",
        settings=ImportSettings(),
        acting_user=world.stage.maya,
        now=world.stage.now,
    )
    return {"batch": batch.pk}


def _new_prompts(world: World) -> dict[str, object]:
    return _preview(world, f"Why is {next(world.numbers)} odd?\n".encode())


def _unknown_columns(world: World) -> dict[str, object]:
    """Comparisons in no known format, uploaded as prompts."""
    number = next(world.numbers)
    rows = [{"Frage": f"Why is {number + tenth / 10}?", "gut": "So.", "schlecht": "No."} for tenth in range(2)]
    return _preview(world, "\n".join(map(json.dumps, rows)).encode())


def _imported(world: World) -> dict[str, object]:
    report = import_prompts(
        campaign=world.stage.campaign,
        stream=BytesIO(json.dumps({"prompt": f"Why is {next(world.numbers)} even?"}).encode()),
        file_name="questions.jsonl",
        acting_user=world.stage.maya,
        now=world.stage.now,
    )
    assert report.batch is not None
    return {"batch": report.batch.pk}


def _with_guidelines(world: World) -> dict[str, object]:
    """An import whose file held guidelines, in a campaign that has none."""
    pair = {"prompt": "Why is two even?", "chosen": "Two divides it.", "rejected": "No idea."}
    name = f"Without guidelines {next(world.numbers)}"
    campaign = create_campaign(name=name, acting_user=world.stage.maya, now=world.stage.now)
    report = import_comparisons(
        campaign=campaign,
        stream=BytesIO(json.dumps({"guidelines": "Prefer true answers.", "records": [pair]}).encode()),
        acting_user=world.stage.maya,
        now=world.stage.now,
    )
    assert report.batch is not None
    return {"campaign": campaign.slug, "batch": report.batch.pk}


def _open_comparison(world: World) -> dict[str, object]:
    """An open comparison that is not first in the queue."""
    world.add_pair()
    newest = Comparison.objects.filter(campaign=world.stage.campaign, status="open").order_by("-pk")[0]
    return {"comparison": newest.pk}


def _new_prompt(world: World) -> dict[str, object]:
    world.add_pair()
    return {"prompt": world.stage.campaign.prompts.order_by("-pk")[0].pk}


def _new_prompt_of_an_idle_campaign(world: World) -> dict[str, object]:
    world.idle()
    return _new_prompt(world)


def _retired(world: World) -> dict[str, object]:
    """An act that retired the newest prompt."""
    world.add_pair()
    return dict(bulk_of(world.stage))


def _ask_about(page: Page, button: str) -> None:
    """Ticks the first row of a list and presses a button, which leads to the question."""
    page.get_by_role("checkbox", name="Choose").first.check()
    page.get_by_role("button", name=button).click()


ENTRIES = (
    Entry(
        form="labeling/lists/filter.html",
        path=COMPARISONS,
        fill={"text": "plus one", "order": "oldest", "status": "settled", "source": "test"},
        lands="status=settled",
        wrong={"confidence_at_least": "107"},
        complaint="less than or equal to 100",
    ),
    Entry(
        form="labeling/comparisons.html",
        path=COMPARISONS,
        fill={"pk": True},
        press="Put first in the queue",
        sees="They are assigned before all others",
        wrong={"pk": False},
        complaint=NO_CHOICE,
    ),
    Entry(
        form="labeling/prompts.html",
        path=PROMPTS,
        fill={"pk": True},
        press="Retire",
        sees=RETIRES_PROMPTS,
        wrong={"pk": False},
        complaint=NO_CHOICE,
    ),
    Entry(
        form="labeling/lists/acts.html>prompts_generate",
        path=PROMPTS,
        arrange=World.idle,
        fill={"pk": True},
        sees="A model version writes two completions for each pair",
        wrong={"pk": False},
        complaint=NO_CHOICE,
    ),
    Entry(
        form="labeling/bulk.html",
        path=COMPARISONS,
        opens=lambda page: _ask_about(page, "Request more judgments"),
        fill={"more": "2", "reason": "The rules changed."},
        sees="left as they were",
        wrong={"more": "99"},
        complaint="less than or equal to 50",
    ),
    Entry(
        form="labeling/comparison/outcome.html",
        path=COMPARISONS + "{comparison}/",
        arrange=_open_comparison,
        sees="They are assigned before all others",
    ),
    Entry(form="labeling/prompt/facts.html", path=PROMPTS + "{prompt}/", arrange=_new_prompt, sees=RETIRES_PROMPTS),
    Entry(
        form="labeling/prompt/facts.html>prompts_generate",
        path=PROMPTS + "{prompt}/",
        arrange=_new_prompt_of_an_idle_campaign,
        sees="A model version writes two completions for each pair",
    ),
    Entry(
        form="training/prompts_generate.html",
        path=PROMPTS,
        arrange=World.idle,
        opens=lambda page: _ask_about(page, "Generate pairs"),
        fill={"pairs_per_prompt": "2", "system_prompt": "Be brief."},
        sees="completions are being written",
        wrong={"temperature": "9", "strategy": "two_prompts", "other_system_prompt": "Be long."},
        complaint="less than or equal to 5",
    ),
    Entry(
        form="labeling/bulk_act.html",
        path="/campaigns/sums/acts/{act}/",
        arrange=_retired,
        sees="Models write for them again",
    ),
    Entry(form="labeling/batch/preview.html", path=IMPORT, arrange=_new_prompts, sees="1 record was imported"),
    Entry(form="labeling/batch/preview.html#2", path=IMPORT, arrange=_new_prompts, sees="Nothing was imported"),
    Entry(
        form="labeling/batch/preview.html#3",
        path=IMPORT,
        arrange=_unknown_columns,
        fill={
            "kind": "comparisons",
            "column_prompt": "Frage",
            "column_a": "gut",
            "column_b": "schlecht",
            "refuse_all": True,
        },
        sees="Import 2 comparisons",
        wrong={"column_b": "gut"},
        complaint="Both completions have the same column.",
    ),
    Entry(
        form="labeling/batch/fields.html",
        path="/campaigns/{campaign}/data/imports/{batch}/",
        arrange=_with_guidelines,
        sees="These are the campaign's guidelines now",
    ),
    Entry(form="labeling/batch/take_back.html", path=IMPORT, arrange=_imported, sees="The import was taken back"),
)
