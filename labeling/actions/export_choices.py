"""The choices of an export as API, page and command send them, checked once; and the prompts of an evaluation."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import IO, Any

from django.utils.translation import gettext as _

from common.errors import Invalid
from common.hashed_file import Readable
from common.sentences import sentence_of
from labeling.access import require_lead
from labeling.actions.unfit_options import refusal_of
from labeling.actions.uploads import keep_upload, opened_upload
from labeling.exchange import (
    SIMILARITY,
    Cleaning,
    EvaluationPrompts,
    Redaction,
    UnfitOption,
    UnreadableInput,
    WriteOptions,
    read_prompts,
)
from labeling.models import Campaign, KeptUpload, User
from labeling.queries.lists import ComparisonFilter

EVALUATION = "evaluation-"
"""The names of kept files begin with it, so that no other upload is taken for prompts of an evaluation."""
REDACTIONS = ("redact", "patterns", "region")
CLEANINGS = ("near_duplicates", "similarity", "contaminated", "evaluation", *REDACTIONS)
WRITTEN = ("include", "extras", "spreadsheet", "side")


def keep_evaluation(
    *, campaign: Campaign, stream: Readable, name: str, acting_user: User, now: datetime
) -> tuple[KeptUpload, EvaluationPrompts]:
    """Keeps a file with the prompts of an evaluation for its owner's exports, for a day.

    In any form in which prompts are imported. Raises NotAllowed, Invalid for a file without a prompt.
    """
    require_lead(acting_user, campaign)
    upload = keep_upload(stream=stream, name=EVALUATION + name, acting_user=acting_user, now=now)
    with opened_upload(upload, acting_user=acting_user) as file:
        return upload, read_evaluation(file)


def read_evaluation(file: IO[bytes]) -> EvaluationPrompts:
    """The prompts of an evaluation. Raises Invalid."""
    try:
        evaluation = EvaluationPrompts(read_prompts(file))
    except UnreadableInput as error:
        raise Invalid.of("evaluation", sentence_of(error)) from error
    if not evaluation.count:
        raise Invalid.of(
            "evaluation", _("The file holds no prompt. Send JSON lines with prompts, or one prompt a line.")
        )
    return evaluation


def write_options(
    values: Mapping[str, Any], *, acting_user: User | None, evaluation: EvaluationPrompts | None = None
) -> WriteOptions:
    """The options of an export. values: by the names of WRITTEN and CLEANINGS; those that are missing are usual.

    `evaluation` among the values: the number of a kept file. Raises Invalid, UploadGone.
    """
    number = values.get("evaluation")
    if evaluation is None and number is not None and acting_user is not None:
        upload = KeptUpload.objects.filter(pk=number, name__startswith=EVALUATION).first()
        with opened_upload(upload, acting_user=acting_user) as file:
            evaluation = read_evaluation(file)
    try:
        redaction = Redaction(_tuple(values, "redact"), _tuple(values, "patterns"), values.get("region") or "")
        cleaning = Cleaning(
            near_duplicates=values.get("near_duplicates") or "",
            similarity=SIMILARITY if values.get("similarity") is None else float(values["similarity"]),
            contaminated=values.get("contaminated") or "",
            evaluation=evaluation,
            redaction=redaction,
        )
    except UnfitOption as error:
        raise refusal_of(error) from error
    chosen = {name: values[name] for name in WRITTEN if values.get(name)}
    return WriteOptions(**chosen, cleaning=cleaning)


def export_filter(values: Mapping[str, Any]) -> ComparisonFilter | None:
    """The filter of an export: the values of ComparisonFilter that limit something; None: there are none."""
    where = ComparisonFilter(
        **{name: values[name] for name in ComparisonFilter.__dataclass_fields__ if values.get(name) not in (None, "")}
    )
    return where if where.as_json() else None


def _tuple(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    given: Sequence[str] = values.get(name) or ()
    return tuple(one for one in given if one)
