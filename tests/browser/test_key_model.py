"""Any sequence of keys and clicks leaves exactly the judgments that a model of the annotator's page predicts.

Each seed is 200 random steps. KEY_SEEDS="7" replays a sequence, `make test-keys SEEDS=100-150` tries others.
"""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from labeling.models import Judgment, User
from tests.browser.annotating import PATH
from tests.browser.conftest import SignIn
from tests.browser.key_model import ANSWERS, SIDES, Campaign, Judged, PageModel
from tests.people import Stage, stage

STEPS = 200
MOST_JUDGED = 118
MOST_POSTPONED = 3
CAMPAIGNS: list[dict[str, Any]] = [
    {},
    {"criteria": [{"name": "Polite", "required": False}, {"name": "Correct", "required": True}], "allow_edit": True},
    {"criteria": [{"name": "Correct", "required": True}], "scale": "strength", "allow_edit": True},
]
"""A sequence takes the rules that its seed points to."""
READY = """() => { const page = document.querySelector("#main"); return page.dataset.state === "ready"; }"""
DELIVERED = """() => document.querySelector("#main").dataset.waiting === "0" """
STATE = """() => {
    const checked = [...document.querySelectorAll(".criterion input:checked")];
    return {
        pair: document.querySelector("[data-testid=prompt] .prose").innerText.trim(),
        answers: Object.fromEntries(checked.map((one) => [one.name.replace("criterion-", ""), one.value])),
        comment: document.querySelector("#comment").value,
        dialog: document.querySelector("dialog[open]")?.id ?? "",
        texts: ["left", "right"].map((side) => document.querySelector(`#${side} .prose`).textContent.trim()),
    }; }"""
AGAIN = """([key, times]) => { for (let number = 0; number < times; number += 1) {
    const press = { key, code: key, bubbles: true, cancelable: true };
    document.body.dispatchEvent(new KeyboardEvent("keydown", press)); } }"""


def seeds() -> list[int]:
    """Those that the environment names, else one for each kind of campaign."""
    first, _, last = os.environ.get("KEY_SEEDS", "0-2").partition("-")
    return list(range(int(first), int(last or first) + 1))


class Walk:
    """One sequence: it draws a step, takes it on the page and in the model, and compares both."""

    def __init__(self, page: Page, campaign: Campaign, seed: int) -> None:
        self.page, self.random = page, random.Random(seed)
        self.log: list[str] = []
        self.seed = seed
        self.last_side = ""
        page.wait_for_function(READY)
        self.model = PageModel(campaign, self.state()["pair"])
        self.seen = {self.model.pair}

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.page.evaluate(STATE)
        return state

    def step(self) -> None:
        """One random step; what it leaves is as the model says."""
        taken, step = len(self.log), self._draw()
        self.page.wait_for_function(READY)
        step()
        self.page.wait_for_function(READY)
        state, model = self.state(), self.model
        if not model.pair:
            assert state["pair"] not in self.seen, self.story("a pair was shown again")
            model.pair = state["pair"]
            self.seen.add(model.pair)
        on_page = {name: state[name] for name in ("pair", "answers", "comment", "dialog")}
        if len(self.log) > taken:
            self.log[-1] += f" -> {model.pair}"
        expected = {"pair": model.pair, "answers": model.answers, "comment": model.comment, "dialog": model.dialog}
        assert on_page == expected, self.story("the page is not as the model says")

    def story(self, problem: str) -> str:
        """A problem, how to see it again, and the steps that led to it."""
        head = f"{problem}; replay with KEY_SEEDS={self.seed}. The last of {len(self.log)} steps:"
        return "\n".join([head, *self.log[-12:]])

    def _draw(self) -> Callable[[], None]:
        model = self.model
        if model.dialog:
            steps = {
                "ask": self._in_question,
                "edit": self._in_editor,
                "help": self._in_keys,
                "reasons": self._in_reasons,
            }
            return steps[model.dialog]
        if model.focus == ("comment",):
            return self.random.choice([self._type, self._leave_comment, self._click])
        kinds = {self._press: 60, self._click: 22, self._change_key: 2}
        if model.campaign.strength:
            kinds[self._press_again] = 5
        return self.random.choices(list(kinds), list(kinds.values()))[0]

    def _press(self) -> None:
        key = self._some_key()
        self._say(f"press {key}")
        self._wait_before(key)
        self.model.press(key)
        self.page.keyboard.press(key)

    def _some_key(self) -> str:
        model, draw = self.model, self.random
        often = (*SIDES, "tie", "both_bad", *(action for action in model.keys if action.startswith("criterion-")))
        bound = [
            key for action in (*model.keys, *often, *often, *often) for key in model.keys[action] if self._may(action)
        ]
        weights = {"bound": 12, "shifted": 3, "alt": 1, "unbound": 2}
        if not model.focus or model.focus[0] in ("radio", "choice"):
            weights["native"] = 3
        kind = draw.choices(list(weights), list(weights.values()))[0]
        if kind == "bound":
            key = draw.choice(bound)
            return f"Shift+{key}" if key.isalpha() and len(key) == 1 and key.isupper() else key
        if kind == "shifted":
            return "Shift+" + draw.choice(["ArrowLeft", "ArrowRight", "1", "2", "$", "t", "m", "a"])
        if kind == "alt":
            return "Alt+" + draw.choice(["1", "2", "t", "4", "a"])
        return draw.choice(["ArrowUp", "ArrowDown", "Space"] if kind == "native" else ["a", "h", "/", ";", "F2"])

    def _may(self, action: str) -> bool:
        if action == "undo":
            return len(self.model.postponed) < MOST_POSTPONED
        return True

    def _wait_before(self, key: str) -> None:
        """The same side again is a new judgment only once the last one can no longer be said more strongly.

        A flag can be taken back until it is sent, and stays from then on.
        """
        if key in self.model.keys["undo"]:
            self._wait_for_flag()
        if self.model.campaign.strength and key in (*self.model.keys["left"], *self.model.keys["right"]):
            self.page.wait_for_function(DELIVERED)

    def _wait_for_flag(self) -> None:
        if self.model.judged and self.model.judged[-1].flag:
            self.page.wait_for_function(DELIVERED)

    def _press_again(self) -> None:
        side, times = self.random.choice(SIDES), self.random.choice([2, 3])
        arrow, model = {"left": "ArrowLeft", "right": "ArrowRight"}[side], self.model
        self._say(f"press {arrow} {times} times quickly")
        self.page.wait_for_function(DELIVERED)
        before = len(model.judged)
        model.press(arrow)
        for _ in range(times - 1):
            if len(model.judged) > before and arrow in model.keys[side]:
                model.strengthen()
        self.page.evaluate(AGAIN, [arrow, times])

    def _click(self) -> None:
        model, draw = self.model, self.random
        names = ["left:2", "right:1", "right:3"] if model.campaign.strength else list(SIDES)
        radios = ["radio", "radio", "tab"] if model.campaign.criteria else []
        kind = draw.choice(["choice", "undo", *radios])
        if kind == "tab":
            name = draw.choice(list(model.campaign.criteria))
            value = model.answers.get(name, ANSWERS[0])  # where Tab stops in a group
            self._say(f"reach {name}: {value} with Tab")
            model.reach_radio(name, value)
            self.page.locator(f'[name="criterion-{name}"][value={value}]').focus()
        elif kind == "radio":
            name, value = draw.choice(list(model.campaign.criteria)), draw.choice(ANSWERS)
            self._say(f"click {name}: {value}")
            model.click_radio(name, value)
            self.page.locator(f'[name="criterion-{name}"][value={value}]').click()
        elif kind == "choice":
            value = draw.choice([*names, "tie", "both_bad", "skip"])
            self._say(f"click {value}")
            model.click_choice(value)
            self.page.locator(f'#judgment button[value="{value}"]').click()
        elif model.judged and self._may("undo"):
            self._say("click undo")
            self._wait_for_flag()
            model.undo()
            self.page.get_by_test_id("undo").click(force=True)

    def _type(self) -> None:
        word = self.random.choice(["so", "t1", "z ?", "4s", "B="])
        self._say(f"type {word!r}")
        self.model.comment += word
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(word)

    def _leave_comment(self) -> None:
        self._say("press Escape")
        self.model.focus = ()
        self.page.keyboard.press("Escape")

    def _in_reasons(self) -> None:
        key = self.random.choice(["0", "1", "2", "9", "h", "p", "t", "z", "ArrowLeft", "Escape"])
        self._say(f"press {key} in the reasons")
        if key == "Escape":
            self.model.dialog = ""
        else:
            self.model.press_in_reasons(key)
        self.page.keyboard.press(key)

    def _in_keys(self) -> None:
        key = self.random.choice(["t", "1", "ArrowLeft", "z", "4", "Escape", "Escape"])
        self._say(f"press {key} in the keys")
        if key == "Escape":
            self.model.dialog = ""
        self.page.keyboard.press(key)

    def _in_question(self) -> None:
        text = self.random.choice(["t", "Why 1?", ""])
        self._say(f"type {text!r} as a question and close it")
        self.page.keyboard.type(text)
        self.model.dialog = ""
        self.page.keyboard.press("Escape")

    def _in_editor(self) -> None:
        model, draw, dialog = self.model, self.random, self.page.get_by_test_id("edit")
        kind = draw.choice(["side", "strength", "text", "submit", "submit", "close"])
        self._say(f"{kind} in the editor")
        texts = self.state()["texts"]
        if kind == "side":
            side = draw.choice(SIDES)
            dialog.locator(f"[name=better][value={side}]").click()
            if model.edit.side != side and model.edit.text in ("", *texts):
                model.edit.text = texts[SIDES.index(side)]
            model.edit.side = side
        elif kind == "strength" and model.campaign.strength:
            model.edit.strength = draw.choice([1, 2, 3])
            dialog.locator(f"[name=strength][value='{model.edit.strength}']").click()
        elif kind == "text":
            model.edit.text = draw.choice([f"Better {len(self.log)}.", texts[0]])
            self.page.get_by_test_id("edited").fill(model.edit.text)
        elif kind == "submit":
            model.submit_edit(texts)
            self.page.get_by_test_id("save-edit").click()
        elif kind == "close":
            model.dialog = ""
            self.page.keyboard.press("Escape")

    def _change_key(self) -> None:
        model, draw = self.model, self.random
        hidden = () if model.campaign.edits else ("edit",)
        action = draw.choice([name for name in model.keys if name not in hidden and model.keys[name]])
        key, takes = draw.choice(["m", "q", "w", "s", "t", "z", "5", "e"]), draw.random() < 0.5
        if not model.keys["help"]:
            return
        self._say(f"give {key} to {action}{'' if takes else ', unless it is taken'}")
        opener = model.keys["help"][0]
        self.page.keyboard.press(opener)
        row = self.page.locator(f'#help [data-action="{action}"]')
        row.locator("button").first.click()
        self.page.keyboard.press(key)
        if model.losers(action, key):
            row.locator(".key-question button").nth(1 if takes else 0).click()
        if takes or not model.losers(action, key):
            model.change_key(action, key)
        self.page.keyboard.press("Escape")

    def _say(self, line: str) -> None:
        self.log.append(line)


def stored(user: User) -> list[Judged]:
    """The judgments that count, in order, as they were displayed."""
    judgments = Judgment.objects.filter(annotator=user, superseded_at=None).select_related("comparison__prompt")
    return [_as_displayed(judgment) for judgment in judgments.order_by("pk")]


def _as_displayed(judgment: Judgment) -> Judged:
    sides = {judgment.left: "left", judgment.assignment.right: "right"}
    return Judged(
        prompt=str(judgment.comparison.prompt.messages[-1]["content"]),
        choice=sides.get(judgment.choice, str(judgment.choice)),
        strength=judgment.strength,
        criteria=tuple(sorted((name, sides.get(value, value)) for name, value in judgment.criteria.items())),
        comment=judgment.comment,
        edit=judgment.edit,
        reason=judgment.skip_reason,
        flag=str(judgment.flag),
    )


def walked(scene: Stage, page: Page, seed: int) -> Walk:
    rules = scene.campaign
    required = {criterion["name"]: criterion["required"] for criterion in rules.criteria}
    walk = Walk(page, Campaign(rules.scale == "strength", rules.allow_edit, required, rules.skip_reasons), seed)
    while len(walk.log) < STEPS and len(walk.seen) < MOST_JUDGED:
        walk.step()
    return walk


@pytest.mark.slow
@pytest.mark.parametrize("seed", seeds())
def test_any_keys_and_clicks_leave_the_judgments_that_a_model_predicts(
    seed: int, transactional_db: None, sign_in: SignIn
) -> None:
    scene = stage(comparisons=MOST_JUDGED + 10, prefetch=5, **CAMPAIGNS[seed % len(CAMPAIGNS)])
    page = sign_in(scene.alice, path=PATH)
    walk = walked(scene, page, seed)
    page.wait_for_function(DELIVERED)
    assert stored(scene.alice) == walk.model.judged, walk.story("other judgments are stored")
    assert len(walk.model.judged) > STEPS // 20
