"""A campaign's preferences as a folder that `datasets` opens: a file for each side of the split, a card, Croissant."""

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _

from common.errors import Invalid
from common.wording import percent
from common.zipping import stream_zip
from labeling.access import require_lead
from labeling.actions.exports import USUAL, matching, open_export
from labeling.actions.unfit_options import refusal_of
from labeling.events.record import record
from labeling.exchange import (
    DATASET_DIALECTS,
    REASONS,
    SIDES,
    DataFile,
    DatasetFacts,
    DropReport,
    Redactor,
    UnfitOption,
    WriteOptions,
    croissant,
    dataset_card,
)
from labeling.models import Assignment, Campaign, Choice, Comparison, User
from labeling.queries.agreement import agreement
from labeling.queries.lists import ComparisonFilter
from labeling.queries.slices import slice_choices
from labeling.queries.splits import split_of
from labeling.queries.statistics import statistics

CONSENT_CHARACTERS = 5000
LICENCES = (
    *("cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc0-1.0", "apache-2.0", "mit", "odc-by", "odbl"),
    *("cdla-permissive-2.0", "other"),
)
"""Licences by the names that hubs know; a data set that is not to be passed on is `other`."""


@dataclass(frozen=True, slots=True)
class DatasetOrder:
    """The choices of a data set. consent: how the people whose words these are agreed, and to what.

    Raises nothing by itself: `write_dataset` checks it.
    """

    licence: str
    consent: str
    title: str = ""
    language: str = "en"
    dialect: str = "trl"
    options: WriteOptions = USUAL
    where: ComparisonFilter | None = None


def write_dataset(
    *, campaign: Campaign, order: DatasetOrder, folder: Path, acting_user: User | None, now: datetime
) -> DatasetFacts:
    """Writes the data set into a new folder, whole or not at all. Raises NotAllowed, Invalid, FileExistsError."""
    require_lead(acting_user, campaign)
    _check(order)
    if folder.exists():
        raise FileExistsError(f"{folder} exists already: choose another folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        facts = _write(campaign, order, building, now)
        (building / "README.md").write_text(dataset_card(facts), encoding="utf-8")
        metadata = json.dumps(croissant(facts), indent=2, ensure_ascii=False) + "\n"
        (building / "croissant.json").write_text(metadata, encoding="utf-8")
        building.chmod(0o755)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    after = {"dialect": order.dialect, "dataset": True, "license": order.licence, "consent": order.consent}
    record("campaign.exported", campaign, acting_user=acting_user, now=now, campaign=campaign, after=after)
    return facts


def dataset_zip(
    *, campaign: Campaign, order: DatasetOrder, acting_user: User | None, now: datetime
) -> tuple[str, IO[bytes]]:
    """The name of a ZIP file with the data set, and the file, without a name on the disk: it goes when it is closed.

    Raises NotAllowed, Invalid.
    """
    place = Path(settings.VAR_DIR) / "datasets"
    place.mkdir(parents=True, exist_ok=True)
    name = f"{campaign.slug}-{order.dialect}"
    file = tempfile.TemporaryFile(dir=place)  # noqa: SIM115 - the caller closes it
    with tempfile.TemporaryDirectory(dir=place) as temporary:
        folder = Path(temporary) / name
        write_dataset(campaign=campaign, order=order, folder=folder, acting_user=acting_user, now=now)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        for piece in stream_zip(name, [(path.relative_to(folder).as_posix(), path) for path in paths]):
            file.write(piece)
    file.seek(0)
    return f"{name}.zip", file


def _check(order: DatasetOrder) -> None:
    if order.dialect not in DATASET_DIALECTS:
        text = _("Choose one of the formats %(formats)s.") % {"formats": ", ".join(DATASET_DIALECTS)}
        raise Invalid.of("dialect", text)
    if order.licence not in LICENCES:
        raise Invalid.of("license", _("Choose one of the licences %(names)s.") % {"names": ", ".join(LICENCES)})
    if not order.consent.strip() or len(order.consent) > CONSENT_CHARACTERS:
        raise Invalid.of("consent", _("Write how the annotators, and the people in the texts, agreed to this."))
    if not (order.language.isalpha() and order.language.isascii() and 2 <= len(order.language) <= 3):
        raise Invalid.of("language", _("Write the code of a language, such as en or de."))
    if order.options.side is not None:
        raise Invalid.of("side", _("A data set has both sides of the split."))


def _write(campaign: Campaign, order: DatasetOrder, folder: Path, now: datetime) -> DatasetFacts:
    (folder / "data").mkdir()
    reports, files = list[DropReport](), list[DataFile]()
    only = matching(campaign, None, order.where)
    for side in SIDES:
        export = open_export(
            campaign, order.dialect, replace(order.options, side=side, fixed_columns=True), only, is_one_of_two=True
        )
        path, digest, rows = folder / "data" / f"{side}.jsonl", sha256(), 0
        try:
            with path.open("wb") as file:
                for piece in export.pieces:
                    file.write(piece)
                    digest.update(piece)
                    rows += piece.count(b"\n")
        except UnfitOption as error:
            raise refusal_of(error) from error
        reports.append(export.report)
        if rows:
            files.append(DataFile(side, rows, path.stat().st_size, digest.hexdigest()))
        else:
            path.unlink()
    if not files:
        raise Invalid.of("dialect", _("No comparison can be written in this format: the data set would be empty."))
    dropped = sum((report.dropped for report in reports), Counter[str]())
    # Those without a verdict are on no side, so no report counts them.
    rows_of = campaign.comparisons.all() if only is None else only
    for status, reason in ((Comparison.Status.CONFLICT, "conflict"), (Comparison.Status.OPEN, "unsettled")):
        dropped[reason] += rows_of.filter(status=status).count()
    guidelines = campaign.guideline_versions.order_by("-number").first()
    figures = (*_figures(campaign, sum(report.kept for report in reports)), *_biases(campaign, now))
    redactor = Redactor(order.options.cleaning.redaction)
    try:
        card = [
            redactor.text(text)
            for text in (order.title or campaign.name, campaign.description, guidelines.text if guidelines else "")
        ]
        figures = tuple(redactor.text(figure) for figure in figures)
        models = dict.fromkeys(redactor.text(name) for name in slice_choices(campaign).model_versions)
    except UnfitOption as error:
        raise refusal_of(error) from error
    return DatasetFacts(
        title=card[0],
        dialect=order.dialect,
        licence=order.licence,
        language=order.language.lower(),
        consent=order.consent.strip(),
        files=tuple(files),
        split=split_of(campaign),
        made_at=now,
        description=card[1],
        guidelines=card[2],
        has_extras=order.options.extras,
        models=tuple(models),
        figures=figures,
        dropped={REASONS[reason]: count for reason, count in sorted(dropped.items())},
        cleaning=tuple(_cleaning(order.options, reports, redactor.counts)),
    )


def _figures(campaign: Campaign, comparisons: int) -> Iterator[str]:
    """Lines about the judgments, in English: a card is for everybody. Agreement is that of the statistics page."""
    yield f"{comparisons:,} comparisons, judged in the campaign “{campaign.name}”."
    votes = (
        campaign.judgments.filter(superseded_at=None, kind=Assignment.Kind.NORMAL)
        .exclude(choice=Choice.SKIP)
        .exclude(comparison__status__in=Comparison.OUT)
    )
    people = votes.filter(annotator__is_simulated=False, annotator__outside_campaign=None)
    yield (
        f"{people.count():,} judgments of {people.values('annotator').distinct().count():,} people on "
        f"{people.values('comparison').distinct().count():,} comparisons of the campaign; {campaign.overlap} wanted "
        "for each."
    )
    for others, sentence in (
        (votes.exclude(annotator__outside_campaign=None), "imported judgments of {} outside annotators"),
        (votes.filter(annotator__is_simulated=True), "judgments of {} simulated annotators"),
    ):
        if number := others.count():
            annotators = others.values("annotator").distinct().count()
            yield f"Besides, {number:,} {sentence.format(annotators)}."
    yield f"A verdict is made by {campaign.get_verdict_rule_display().lower()}."
    found = agreement(campaign)
    for name, estimate in (
        ("Krippendorff's alpha (nominal: a, tie, b)", found.alpha_nominal),
        ("Agreement of two judgments", found.percent_with_ties),
    ):
        if estimate.value is not None:
            shown = percent(estimate.value) if name.startswith("Agreement") else f"{estimate.value:.3f}"
            yield f"{name}: {shown}, in the whole campaign, people only."


def _biases(campaign: Campaign, now: datetime) -> Iterator[str]:
    """Lines about what besides the text swayed the judgments, as the statistics page has them."""
    found = statistics(campaign, now=now)
    for name, estimate in (
        ("shown on the left", found.position),
        ("that is longer", found.length.longer_preferred),
    ):
        if estimate.value is not None:
            interval = ""
            if estimate.low is not None and estimate.high is not None:
                interval = f" (95% interval {percent(estimate.low)} to {percent(estimate.high)})"
            yield f"Preferences for the completion {name}: {percent(estimate.value)}{interval}; 50% is no bias."


def _cleaning(options: WriteOptions, reports: list[DropReport], in_card: Counter[str]) -> Iterator[str]:
    found = sum((report.found for report in reports), Counter[str]())
    redacted = sum((report.redacted for report in reports), in_card)
    acts = {"report": "kept", "drop": "left out"}
    if act := options.cleaning.near_duplicates:
        yield f"Near-duplicate prompts: {found['near_duplicate']:,} comparisons found, {acts[act]}."
    if act := options.cleaning.contaminated:
        yield f"Prompts of an evaluation: {found['contaminated']:,} comparisons found, {acts[act]}."
    names = {"email": "e-mail addresses", "phone": "phone numbers", "iban": "IBANs", "custom": "places of own patterns"}
    if options.cleaning.redaction:
        counts = ", ".join(f"{redacted[kind]:,} {name}" for kind, name in names.items() if kind in redacted)
        yield f"Redacted: {counts or 'nothing was found'}. The statement of consent is as it was written."
    else:
        yield "Personal data was not searched for."
