"""Files with opinions, as tests bring them in."""

import io
import json
from typing import Any

from labeling.actions.import_reports import ImportReport, ImportSettings
from labeling.actions.imports import import_comparisons
from labeling.tally import count_tally, read_tally
from tests.people import Stage


def said(annotator: str | None, chosen: str, rejected: str, **more: Any) -> dict[str, Any]:
    named = {} if annotator is None else {"annotator": annotator}
    return {"prompt": "The capital?", "chosen": chosen, "rejected": rejected, **named, **more}


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def bring_in(scene: Stage, *records: Any, keep: bool = True, **settings: Any) -> ImportReport:
    report = import_comparisons(
        campaign=scene.campaign,
        stream=io.BytesIO(lines(*records)),
        settings=ImportSettings(keep_preferences=keep, **settings),
        acting_user=scene.maya,
        now=scene.now,
    )
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    return report


THREE = (said("ann", "Paris", "Lyon"), said("ben", "Lyon", "Paris"), said("cem", "Lyon", "Paris"))
