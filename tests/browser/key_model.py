"""A model of the annotator's page: what each key and click does to the judgments, written from the page's own words.

It knows nothing of the page's scripts. `PageModel` takes the same steps as the page and predicts the pair, the answers
to the criteria, the comment, the open dialog and the judgments.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

SIDES = ("left", "right")
ANSWERS = ("left", "tie", "right")
KEYS = {
    "left": ["ArrowLeft", "1"],
    "right": ["ArrowRight", "2"],
    "tie": ["t", "3", "="],
    "both_bad": ["b", "0"],
    "skip": ["s"],
    "reasons": ["S"],
    "undo": ["z", "u", "Backspace"],
    "edit": ["e"],
    "comment": ["c"],
    "differences": ["d"],
    "focus": ["f"],
    "plain": ["p"],
    "panes": ["y"],
    "larger": ["."],
    "smaller": [","],
    "guidelines": ["g"],
    "ask": ["q"],
    "help": ["?"],
}
CRITERIA_KEYS = ("456", "789", "jkl")
FLAGS = {"h": "harm", "p": "personal_data"}


@dataclass(frozen=True)
class Campaign:
    """The rules that the page shows. criteria: whether each is required, by name."""

    strength: bool
    edits: bool
    criteria: dict[str, bool]
    reasons: Sequence[str]


@dataclass(frozen=True)
class Judged:
    """A judgment as the annotator meant it, sides as displayed."""

    prompt: str
    choice: str
    strength: int | None = None
    criteria: tuple[tuple[str, str], ...] = ()
    comment: str = ""
    edit: str = ""
    reason: str = ""
    flag: str = ""


@dataclass
class Edit:
    """What stands in the editor."""

    side: str = ""
    strength: int | None = None
    text: str = ""


@dataclass
class PageModel:
    """The page, as somebody who knows it expects it. pair: the prompt on the page; "": one that was never seen."""

    campaign: Campaign
    pair: str
    answers: dict[str, str] = field(default_factory=dict)
    comment: str = ""
    edit: Edit = field(default_factory=Edit)
    dialog: str = ""
    focus: tuple[str, ...] = ()
    judged: list[Judged] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)
    unfinished: dict[str, tuple[dict[str, str], str]] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys = {action: list(keys) for action, keys in KEYS.items()}
        for row, keys in enumerate(CRITERIA_KEYS[: len(self.campaign.criteria)], start=1):
            self.keys |= {f"criterion-{row}-{answer}": [key] for answer, key in zip(ANSWERS, keys, strict=True)}

    # --- Keys -----------------------------------------------------------------------------------------------------

    def press(self, key: str) -> None:
        """A key, as Playwright names it ("Shift+ArrowLeft"), while no dialog is open and nobody types."""
        *held, bare = key.split("+") if len(key) > 1 else [key]
        if "Alt" in held:
            if self.campaign.strength and (side := self._side_of(bare)):
                self.judge(side, strength=3)
        elif "Shift" in held:
            self._press_with_shift(bare)
        elif bare in (" ", "Space"):
            self._press_space()
        elif action := self._action_of(bare):
            self.act(action)
        elif bare in ("ArrowUp", "ArrowDown"):
            self._move_radio(-1 if bare == "ArrowUp" else 1)

    def _press_with_shift(self, bare: str) -> None:
        side = self._side_of(bare)
        if side:
            if self.campaign.strength:
                self.judge(side, strength=2)
        elif bare.isalpha() and len(bare) == 1 and (action := self._action_of(bare.upper())):
            self.act(action)

    def _side_of(self, key: str) -> str:
        return next((side for side in SIDES if key in self.keys[side]), "")

    def _action_of(self, key: str) -> str:
        return next((action for action, keys in self.keys.items() if key in keys), "")

    def _press_space(self) -> None:
        """What has the focus is pressed; the prompt takes no notice."""
        kind, *rest = self.focus or ("",)
        if kind == "radio":
            self._answer(rest[0], rest[1])
        elif kind == "choice":
            self.click_choice(rest[0])

    def _move_radio(self, by: int) -> None:
        """The browser's own: up and down choose within a group of radio buttons that was reached with Tab."""
        if self.focus and self.focus[0] == "radio":
            _, name, value = self.focus
            moved = ANSWERS[(ANSWERS.index(value) + by) % 3]
            self.answers[name] = moved
            self.focus = ("radio", name, moved)

    def losers(self, action: str, key: str) -> list[str]:
        """The actions that have a key: the sides, which shift varies, have both cases of a letter."""

        def cases(name: str, held: str) -> set[str]:
            return {held.lower(), held.upper()} if name in SIDES and len(held) == 1 else {held}

        others = (other for other in self.keys if other != action)
        return [other for other in others if any(cases(other, held) & cases(action, key) for held in self.keys[other])]

    def change_key(self, action: str, key: str) -> None:
        """The first key of an action is replaced; who had the new one loses it."""
        for other in self.losers(action, key):
            taken = {key.lower(), key.upper()} if {action, other} & set(SIDES) else {key}
            self.keys[other] = [held for held in self.keys[other] if held not in taken]
        own = self.keys[action]
        rest = own if key in own else own[1:]
        self.keys[action] = [key, *(held for held in rest if held != key)]

    # --- Actions --------------------------------------------------------------------------------------------------

    def act(self, action: str) -> None:
        """An action by its key."""
        if action in SIDES:
            self.judge(action, strength=1 if self.campaign.strength else None)
        elif action in ("tie", "both_bad", "skip"):
            self.judge(action)
        elif action.startswith("criterion-"):
            _, row, answer = action.split("-")
            self._answer(list(self.campaign.criteria)[int(row) - 1], answer)
            if self.focus[:1] == ("radio",):
                self.focus = ()
        elif action == "undo":
            self.undo()
        elif action == "comment":
            self.focus = ("comment",)
        elif action in ("help", "reasons", "ask") or (action == "edit" and self.campaign.edits):
            self.dialog = action

    def click_choice(self, value: str) -> None:
        """A button of the bar: "left", "right:3", "tie", "skip"."""
        self.focus = ("choice", value)
        choice, _, strength = value.partition(":")
        self.judge(choice, strength=int(strength) if strength else None)

    def click_radio(self, name: str, value: str) -> None:
        """Answers, and no more: the arrows go on scrolling."""
        self._answer(name, value)
        self.focus = ()

    def _answer(self, name: str, value: str) -> None:
        """The answer that is given already clears an optional criterion; a required one keeps it."""
        if self.answers.get(name) == value and not self.campaign.criteria[name]:
            del self.answers[name]
        else:
            self.answers[name] = value

    def reach_radio(self, name: str, value: str) -> None:
        """Tab brings the focus there; from now on up and down choose."""
        self.focus = ("radio", name, value)

    def press_in_reasons(self, key: str) -> None:
        """In the dialog of reasons: digits are reasons, letters are flags."""
        if key in FLAGS:
            self.judge("skip", flag=FLAGS[key])
        elif key.isdigit() and int(key) <= len(self.campaign.reasons):
            self.judge("skip", reason=self.campaign.reasons[int(key) - 1] if key != "0" else "")
        else:
            return
        self.dialog = ""

    def submit_edit(self, originals: Sequence[str]) -> None:
        """The editor's button. It stays open while something is missing or the text is unchanged."""
        edit = self.edit
        is_whole = edit.side and edit.text and (edit.strength or not self.campaign.strength)
        if is_whole and edit.text not in originals and not self._is_missing:
            self.dialog = ""
            self.judge(edit.side, strength=edit.strength, edit=edit.text)

    @property
    def _is_missing(self) -> bool:
        return any(name not in self.answers for name, is_required in self.campaign.criteria.items() if is_required)

    def judge(
        self, choice: str, *, strength: int | None = None, edit: str = "", reason: str = "", flag: str = ""
    ) -> None:
        if choice != "skip" and self._is_missing:
            return
        criteria = () if choice == "skip" else tuple(sorted(self.answers.items()))
        self.judged.append(
            Judged(self.pair, choice, strength, criteria, self.comment, edit=edit, reason=reason, flag=flag)
        )
        self._show(self.postponed.pop(0) if self.postponed else "")

    def strengthen(self) -> None:
        """The winner's key again while the judgment can still be said more strongly."""
        last = self.judged[-1]
        self.judged[-1] = Judged(**{**vars(last), "strength": min(3, (last.strength or 0) + 1)})

    def undo(self) -> None:
        if not self.judged or self.judged[-1].flag:  # a flag stays: nothing on the page changes
            return
        self.postponed.insert(0, self.pair)
        self.unfinished[self.pair] = (dict(self.answers), self.comment)
        last = self.judged.pop()
        self._show(last.prompt)
        self.answers, self.comment = dict(last.criteria), last.comment
        if last.edit:
            self.edit = Edit(last.choice, last.strength, last.edit)

    def _show(self, pair: str) -> None:
        self.pair, self.edit, self.focus = pair, Edit(), ()
        self.answers, self.comment = self.unfinished.pop(pair, ({}, ""))
