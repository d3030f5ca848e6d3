"""An import and a preview for the pages that show them, with long words, Arabic text, and refused lines."""

import json
from io import BytesIO

from labeling.actions.bulk import BulkOrder, Selection, start_bulk_act
from labeling.actions.import_reports import ImportSettings
from labeling.actions.imports import import_comparisons
from labeling.actions.previews import prepare_import
from tests.people import NOON, Stage

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 4
ARABIC = "ما هي أفضل طريقة لتعلم لغة جديدة بسرعة؟"


def comparison(prompt: str) -> bytes:
    return json.dumps({"prompt": prompt, "chosen": f"{prompt} **Yes.**", "rejected": LONG}).encode()


def imports_of(on_stage: Stage) -> dict[str, int]:
    """The ids of an import and of a preview, which is Maya's."""
    content = b"\n".join([comparison(LONG), comparison(ARABIC), b"{broken", comparison("Why?")])
    report = import_comparisons(
        campaign=on_stage.campaign,
        stream=BytesIO(content),
        file_name=f"{LONG}.jsonl",
        acting_user=on_stage.maya,
        now=NOON,
    )
    assert report.batch is not None
    preview = prepare_import(
        campaign=on_stage.campaign,
        kind="comparisons",
        stream=BytesIO(content),
        name=f"{LONG}.jsonl",
        settings=ImportSettings(),
        acting_user=on_stage.maya,
        now=NOON,
    )
    return {"batch": report.batch.pk, "preview": preview.pk}


def bulk_of(on_stage: Stage) -> dict[str, int]:
    """The ids of an act on many rows, and of a prompt that it retired."""
    prompt = on_stage.campaign.prompts.order_by("-pk")[:1].get()
    act = start_bulk_act(
        campaign=on_stage.campaign,
        selection=Selection("prompts", ids=(prompt.pk,)),
        order=BulkOrder("retire", reason=f"{ARABIC} {LONG}"),
        acting_user=on_stage.maya,
        now=NOON,
    )
    return {"act": act.pk, "prompt": prompt.pk}
