"""Submits the forms of entries, each in a browser context of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from django.conf import settings
from playwright.sync_api import Browser, Error, Locator, Page, Request, Response, expect

from labeling.models import User
from tests.browser.conftest import ELSEWHERE, WITHOUT_SERVICE_WORKERS, session_of, watch
from tests.browser.forms.entry import Entry, Value, fill, typed
from tests.browser.forms.listing import ATTRIBUTE, PART
from tests.browser.forms.world import World

PATIENCE = 60_000  # milliseconds
RECORDER = f"""addEventListener("submit", (event) => {{
  const earlier = sessionStorage.getItem("submitted") ?? "";
  const part = event.submitter?.getAttribute("{PART}") ?? "";
  sessionStorage.setItem("submitted", `${{earlier}} ${{event.target.getAttribute("{ATTRIBUTE}")}} ${{part}}`);
}}, true);"""

HAS_FOCUS = """form => { const at = document.activeElement;
  return at?.matches("[aria-invalid=true], [role=alert], [autofocus]") && (form.contains(at) || at.form === form
    || at.matches(".notice-error")); }"""

LET_THROUGH = """form => { form.noValidate = true;
  for (const one of form.elements) one.removeAttribute("maxlength"); }"""
"""Makes the browser send anything, so that the server is the one that refuses."""


@dataclass
class Visit:
    """A page with a form, and what went over the wire since it was opened."""

    page: Page
    form: Locator
    sent: list[Request] = field(default_factory=list)
    received: list[Response] = field(default_factory=list)

    @property
    def method(self) -> str:
        return str(self.form.evaluate("one => one.method")).upper()


@dataclass
class Submitter:
    """Submits entries in a world; scripts: whether the browser runs them."""

    browser: Browser
    url: str
    world: World
    scripts: bool = True

    def faults_of(self, entry: Entry) -> Iterator[str]:
        """What is wrong with the form, one sentence each."""
        try:
            with self._visit(self._named(entry)) as (visit, named, complaints):
                self._submit(visit, named)
                yield from (one for one in complaints if not (named.leaves and one.startswith(ELSEWHERE)))
        except (AssertionError, Error) as error:
            yield _short(error)

    def losses_of(self, entry: Entry) -> Iterator[str]:
        """What the form loses when it is refused, one sentence each."""
        try:
            with self._visit(self._named(entry)) as (visit, named, complaints):
                if named.wrong:
                    yield from self._refused(visit, named)
                elif typed(visit.form) and not named.never_refused:
                    yield "People type into it. Give it wrong= and complaint=, or never_refused= with the reason."
                yield from complaints
        except (AssertionError, Error) as error:
            yield _short(error)

    def _refused(self, visit: Visit, entry: Entry) -> Iterator[str]:
        visit.form.evaluate(LET_THROUGH)
        fill(visit.form, {name: value for name, value in entry.fill.items() if entry.wrong.get(name, "") is not None})
        fill(visit.form, entry.wrong)
        before = typed(visit.form)
        body = visit.page.locator("body")
        expect(body, "This was here before the form was refused").not_to_contain_text(entry.complaint)
        entry.submit(visit.page, visit.form, refused=True)
        expect(body).to_contain_text(entry.complaint, timeout=PATIENCE)
        again = entry.locate(visit.page)
        after = typed(again)
        yield from (
            f"{name} was {value!r}, is {now!r}"
            for (name, _, value), (_, _, now) in zip(before, after, strict=True)
            if now != value
        )
        if not again.evaluate(HAS_FOCUS):
            yield "The focus is not on what is wrong."

    @contextmanager
    def _visit(self, entry: Entry) -> Iterator[tuple[Visit, Entry, list[str]]]:
        context = self.browser.new_context(
            base_url=self.url,
            viewport={"width": 1280, "height": 900},
            java_script_enabled=self.scripts,
        )
        context.set_default_timeout(PATIENCE)
        context.add_init_script(WITHOUT_SERVICE_WORKERS)
        context.add_init_script(RECORDER)
        if entry.by is not None:
            key = session_of(User.objects.get(username=entry.by))
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": self.url}])
        page, complaints = context.new_page(), list[str]()
        watch(page, self.url, complaints)
        try:
            page.goto(entry.path)
            if entry.opens:
                entry.opens(page)
            visit = Visit(page, entry.locate(page))
            context.on("request", lambda request: visit.sent.append(request))
            context.on("response", lambda response: visit.received.append(response))
            yield visit, entry, complaints
        finally:
            context.close()

    def _submit(self, visit: Visit, entry: Entry) -> None:
        page, body, method = visit.page, visit.page.locator("body"), visit.method
        fill(visit.form, entry.fill)
        if entry.sees:
            expect(body, "This was here before the form was submitted").not_to_contain_text(entry.sees)
        entry.submit(page, visit.form)
        if entry.sees:
            expect(body).to_contain_text(entry.sees, timeout=PATIENCE)
        if entry.lands:
            expect(page).to_have_url(entry.lands_at, timeout=PATIENCE)
        if entry.check:
            entry.check(page)
        self._check_traffic(visit, entry, method)

    def _check_traffic(self, visit: Visit, entry: Entry, method: str) -> None:
        """The browser sent the form, said where it comes from, and no answer was an error."""
        if self.scripts and not entry.never_sent:
            submitted = str(visit.page.evaluate("sessionStorage.getItem('submitted')"))
            assert entry.template in submitted, f"Another form was submitted:{submitted}"
        if not self.scripts:
            assert any(one.is_navigation_request() and one.method == method for one in visit.sent), "Nothing was sent."
        origin = f"{urlsplit(self.url).scheme}://{urlsplit(self.url).netloc}"
        for request in visit.sent:
            if request.method == "POST":
                assert request.all_headers().get("origin") == origin, f"{request.url} got no origin"
        refused = [f"{one.status} from {one.url}" for one in visit.received if one.status >= 400]
        assert not refused, ", ".join(refused)

    def _named(self, entry: Entry) -> Entry:
        """The entry with the world's things in the place of their names."""
        names = self.world.names | ((entry.arrange(self.world) if entry.arrange else None) or {})

        def named(values: dict[str, Value]) -> dict[str, Value]:
            return {key: one.format(**names) if isinstance(one, str) else one for key, one in values.items()}

        return replace(
            entry,
            path=entry.path.format(**names),
            sees=entry.sees.format(**names),
            fill=named(entry.fill),
            wrong=named(entry.wrong),
        )


def _short(error: Exception) -> str:
    """The part of an error that says what is wrong."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:4])[:500]
