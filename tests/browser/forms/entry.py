"""One entry for each form: how to reach, fill and submit it in a browser, and what must be visible afterwards."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playwright.sync_api import Locator, Page, expect

from tests.browser.forms.listing import ATTRIBUTE, PART

if TYPE_CHECKING:
    from tests.browser.forms.world import World

Value = str | bool | list[str] | None
Act = Callable[[Page, Locator], None]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """How one form is submitted. Texts in `path`, `fill` and `sees` may name `{things}` of the world (world.py).

    by: who is signed in; None: nobody.
    arrange: prepares the world; returns the names that it adds.
    which: a CSS condition where the page has the form several times, such as `:has([value=alice])`.
    fill: values by the controls' names or ids; a bool ticks a box, a list ticks some of several, None leaves one alone.
    press: the button's visible text, where the form has several.
    opens: opens the dialog with the form, or goes on to the page with it.
    act: submits the form where pressing a button of it is not enough; gets the page and the form.
    sees: a text that the page shows afterwards and did not show before. lands: what the address then contains.
    check: expects what neither says.
    wrong: values, beside those of `fill`, that the form refuses. complaint: the sentence that it then shows.
    never_refused: why no value of the form can be wrong.
    leaves: the form leads to another site, and back.
    needs_scripts: the form does nothing without JavaScript. never_sent: the form has no address at all.
    """

    form: str
    path: str
    by: str | None = "maya"
    arrange: "Callable[[World], dict[str, object] | None] | None" = None
    which: str = ""
    fill: dict[str, Value] = field(default_factory=dict)
    press: str = ""
    opens: Callable[[Page], None] | None = None
    act: Act | None = None
    sees: str = ""
    lands: str = ""
    check: Callable[[Page], None] | None = None
    wrong: dict[str, Value] = field(default_factory=dict)
    complaint: str = ""
    never_refused: str = ""
    leaves: bool = False
    needs_scripts: bool = False
    never_sent: bool = False

    @property
    def template(self) -> str:
        return self.form.partition(">")[0]

    @property
    def is_other_address(self) -> bool:
        return ">" in self.form

    @property
    def lands_at(self) -> re.Pattern[str]:
        return re.compile(self.lands)

    def locate(self, page: Page) -> Locator:
        """The form on the page, with everything around it unfolded."""
        form = page.locator(f'form[{ATTRIBUTE}="{self.template}"]{self.which}')
        if self.is_other_address:
            form = form.or_(page.locator(f'form:has([{PART}="{self.template}"]){self.which}'))
        form = form.first
        expect(form).to_be_attached()
        reveal(page, form)
        return form

    def submit(self, page: Page, form: Locator, *, refused: bool = False) -> None:
        """Presses the button, or does as the entry says. refused: where both are given, only the button is pressed."""
        if self.act is not None and not (refused and self.press):
            self.act(page, form)
            return
        button = self._button(form)
        if self.is_other_address:
            expect(button).to_have_attribute("formaction", re.compile("/"))
        button.click()

    def _button(self, form: Locator) -> Locator:
        if self.press:
            return form.get_by_role("button", name=self.press).first
        kind = "[formaction]" if self.is_other_address else ":not([type=button]):not([formaction])"
        buttons = form.locator(f"button{kind}")
        expect(buttons, f"Say with press= which button submits {self.form}").to_have_count(1)
        return buttons


REVEAL = """form => { for (const part of [form, ...form.elements])
  for (let at = part; at; at = at.parentElement) if (at.localName === 'details') at.open = true; }"""


def reveal(page: Page, form: Locator) -> None:
    """Unfolds every `details` around the form and its controls, and opens the popover that it is in."""
    form.evaluate(REVEAL)
    popover = form.evaluate("one => one.closest('[popover]')?.id ?? ''")
    if popover and not form.is_visible():
        page.locator(f'[popovertarget="{popover}"]').first.click()


def fill(form: Locator, values: dict[str, Value]) -> None:
    """Puts values into the controls of a form, as a person would. Some controls are outside of its element."""
    identity = form.get_attribute("id")
    for name, value in values.items():
        controls = form.locator(f"[name='{name}'], [id='{name}']")
        if identity:
            controls = controls.or_(form.page.locator(f"[form='{identity}'][name='{name}']"))
        kind = controls.first.evaluate("one => one.type")
        if value is None:
            continue
        if isinstance(value, list):
            for one in controls.all():
                one.set_checked(one.get_attribute("value") in value)
        elif kind == "radio":
            next(one for one in controls.all() if one.get_attribute("value") == value).check()
        elif kind == "checkbox":
            controls.first.set_checked(bool(value))
        elif kind == "file":
            controls.first.set_input_files(str(value))
        elif kind.startswith("select"):
            controls.first.select_option(str(value))
        else:
            controls.first.fill(str(value))


TYPED = """form => [...form.elements]
  .filter(one => one.name || one.id)
  .filter(one => !['hidden', 'password', 'file', 'submit', 'button', 'fieldset', 'output'].includes(one.type))
  .map(one => [one.name || one.id, one.type,
    ['checkbox', 'radio'].includes(one.type) ? `${one.value}: ${one.checked}` : one.value])"""


def typed(form: Locator) -> list[list[str]]:
    """Name, type and value of every control that a person fills in, except passwords and files."""
    values: list[list[str]] = form.evaluate(TYPED)
    return values
