"""The ways by which `benchmarks.fuzz_imports` imports a file: the API, the page, the command, and whole campaigns."""

import io
import json
import re
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from tempfile import NamedTemporaryFile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from labeling.actions.campaigns import create_campaign
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.comparisons import add_comparisons
from labeling.actions.exports import open_export
from labeling.actions.people import create_token, create_user
from labeling.exchange import Message
from labeling.models import Campaign, ImportBatch

ROWS = """
SELECT (SELECT count(*) FROM labeling_comparison WHERE campaign_id = %(campaign)s),
    (SELECT count(*) FROM labeling_prompt WHERE campaign_id = %(campaign)s),
    (SELECT count(*) FROM labeling_completion c JOIN labeling_prompt p ON p.id = c.prompt_id
        WHERE p.campaign_id = %(campaign)s),
    (SELECT count(*) FROM labeling_campaign WHERE created_by_id = %(lead)s)
"""
ERROR = re.compile(r'class="[^"]*(?:error|notice-bad|notice)[^"]*"[^>]*>(.*?)</', re.DOTALL)


@dataclass
class Outcome:
    """How an import ended. crash: the fault of the program. reasons: of refused records. created: comparisons.

    is_elsewhere: it made another campaign.
    """

    answer: str
    is_refused: bool = False
    reason: str = ""
    created: int = 0
    reasons: list[str] = field(default_factory=list)
    crash: str = ""
    is_elsewhere: bool = False


class Ways:
    """A lead with a campaign, into which files are imported. whole: the lines of a judged campaign."""

    def __init__(self, username: str) -> None:
        self.now = timezone.now()
        self.lead, _ = create_user(username=username, role="lead", password=None, acting_user=None, now=self.now)
        token = create_token(user=self.lead, name="fuzz", acting_user=self.lead, now=self.now)[1]
        self.api = APIClient(raise_request_exception=False)
        self.api.credentials(HTTP_HOST="localhost", HTTP_AUTHORIZATION=f"Bearer {token}")
        self.web = Client(raise_request_exception=False, SERVER_NAME="localhost")
        self.web.force_login(self.lead)
        self.whole = self._whole()

    def new_campaign(self, name: str) -> None:
        """The campaign that the next files go to."""
        self.campaign = create_campaign(name=name, acting_user=self.lead, now=self.now)

    def rows(self) -> tuple[int, ...]:
        """How many comparisons, prompts and completions the campaign has, and how many campaigns the lead has made."""
        with connection.cursor() as cursor:
            cursor.execute(ROWS, {"campaign": self.campaign.pk, "lead": self.lead.pk})
            return tuple(cursor.fetchone())

    def imported(self, way: str, data: bytes, choice: str) -> Outcome:
        """Imports a file in one way."""
        ways: dict[str, Callable[[bytes, str], Outcome]] = {
            "api": self._by_api,
            "page": self._by_page,
            "command": self._by_command,
            "campaign": self._whole_campaign,
        }
        return ways[way](data, choice)

    def _by_api(self, data: bytes, choice: str) -> Outcome:
        query = {"": "", "ranking": "?ranking=all"}.get(choice, f"?{choice}=true")
        address = f"/api/v1/campaigns/{self.campaign.slug}/comparisons/import/{query}"
        answer = self.api.post(address, data=data, content_type="application/octet-stream")
        outcome, report = _of_json(answer)
        if not outcome.crash and not outcome.is_refused:
            outcome.created = 0 if choice == "dry_run" else report["created"]
            outcome.reasons = [one["reason"] for one in report["rejected"]]
        return outcome

    def _by_page(self, data: bytes, choice: str) -> Outcome:
        """The preview of a file, and its import if the page offers one."""
        choices = {"": {}, "ranking": {"ranking": "all"}, "dry_run": {}}.get(choice, {choice: "on"})
        form = {"kind": "comparisons", "file": SimpleUploadedFile("pairs.jsonl", data), **choices}
        answer = self.web.post(f"/campaigns/{self.campaign.slug}/data/", form)
        if answer.status_code >= 500:
            return Outcome("500", crash=f"the form answers {answer.status_code}")
        if answer.status_code != 302:
            text = " ".join(ERROR.findall(answer.content.decode()))
            return Outcome(str(answer.status_code), is_refused=True, reason=re.sub(r"<[^>]*>|\s+", " ", text).strip())
        page = answer.headers["Location"]
        if (shown := self.web.get(page)).status_code != 200:
            return Outcome("500", crash=f"the preview answers {shown.status_code}")
        pk = int(page.rstrip("/").rsplit("/", 1)[1])
        batch = ImportBatch.objects.get(pk=pk)
        if batch.error:
            return Outcome("unreadable", is_refused=True, reason=str(batch.error))
        if choice == "dry_run" or b'value="import"' not in shown.content:
            return Outcome("preview", reasons=[one["reason"] for one in batch.rejected])
        done = self.web.post(f"{page}change/", {"do": "import"}, follow=True)
        if done.status_code != 200:
            return Outcome("500", crash=f"the import answers {done.status_code}")
        batch.refresh_from_db()
        return Outcome("imported", created=batch.created, reasons=[one["reason"] for one in batch.rejected])

    def _by_command(self, data: bytes, choice: str) -> Outcome:
        options = {"": [], "ranking": ["--ranking", "all"]}.get(choice, [f"--{choice.replace('_', '-')}"])
        out, error = io.StringIO(), io.StringIO()
        with NamedTemporaryFile(suffix=".jsonl") as file, redirect_stderr(error):
            file.write(data)
            file.flush()
            try:
                call_command("import_comparisons", self.campaign.slug, file.name, "--json", *options, stdout=out)
            except CommandError as refused:
                return Outcome("refused", is_refused=True, reason=str(refused))
            except SystemExit:
                pass  # it lists refused records
            except Exception as crash:
                return Outcome("crash", crash=f"{type(crash).__name__}: {crash}")
        report = json.loads(out.getvalue())
        created = 0 if choice == "dry_run" else report["created"]
        return Outcome("imported", created=created, reasons=[one["reason"] for one in report["rejected"]])

    def _whole_campaign(self, data: bytes, choice: str) -> Outcome:
        answer = self.api.post("/api/v1/campaign-imports/", data=data, content_type="application/octet-stream")
        outcome, report = _of_json(answer)
        if not outcome.crash and not outcome.is_refused:
            outcome.is_elsewhere = True
            made = Campaign.objects.get(slug=report["slug"])
            outcome.crash = "" if made.comparisons.count() == report["counts"].get("comparison", 0) else "another count"
        return outcome

    def _whole(self) -> list[bytes]:
        name = f"Whole {self.lead.username}"
        campaign = create_campaign(name=name, overlap=1, acting_user=self.lead, now=self.now)
        asked: list[Message] = [{"role": "user", "content": "Name two fruits."}]
        drafts = [
            ComparisonDraft(asked, CompletionDraft(f"Apples {number}"), CompletionDraft("Plums"), preference="first")
            for number in range(3)
        ]
        add_comparisons(campaign=campaign, drafts=drafts, source="fuzz", acting_user=self.lead, now=self.now)
        return b"".join(open_export(campaign, "full").pieces).splitlines()


def _of_json(answer: Any) -> tuple[Outcome, dict[str, Any]]:
    status = answer.status_code
    try:
        report = json.loads(answer.content)
    except ValueError:
        return Outcome(str(status), crash=f"answer {status} is no JSON"), {}
    if status >= 500:
        return Outcome(str(status), crash=f"answer {status}"), report
    return Outcome(str(status), is_refused=status >= 400, reason=report.get("detail", "")), report
