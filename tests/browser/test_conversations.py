"""Conversations with tools and several turns on the pages of annotators and leads."""

import io
import json
from typing import Any

from playwright.sync_api import expect

from labeling.actions.import_reports import ImportSettings
from labeling.actions.imports import import_comparisons
from labeling.models import Comparison
from tests.browser.annotating import PATH, press, ready
from tests.browser.barriers import barriers
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.people import stage

WIDE = {"width": 1440, "height": 900}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a town, now or at an hour of today.",
        "parameters": {"type": "object", "properties": {"town": {"type": "string"}, "hour": {"type": "integer"}}},
    },
}


def call(identity: str, **arguments: Any) -> dict[str, Any]:
    function = {"name": "get_weather", "arguments": json.dumps(arguments, ensure_ascii=False)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": identity, "type": "function", "function": function}],
    }


def result(identity: str, **values: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": identity, "content": json.dumps(values, ensure_ascii=False)}


RECORD = {
    "input": {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Is it raining in Bergen?"},
            call("c1", town="Bergen"),
            result("c1", sky="rain", degrees=9),
            {"role": "assistant", "content": "Yes, it rains, at **9 °C**."},
            {"role": "user", "content": "And in Ålesund this afternoon?"},
        ],
        "tools": [WEATHER],
    },
    "preferred_output": [
        call("c2", town="Ålesund", hour=15),
        result("c2", sky="cloudy", degrees=11, wind={"from": "west", "speed": 7}),
        {"role": "assistant", "content": "It stays dry, with clouds and a west wind."},
    ],
    "non_preferred_output": [
        {"role": "assistant", "content": "At which hour?"},
        {"role": "user", "content": "At three."},
        {"role": "assistant", "content": "I do not know."},
    ],
}


def test_turns_calls_and_results_are_read_as_a_conversation(
    transactional_db: None, sign_in: SignIn, picture: Picture
) -> None:
    scene = stage(allow_edit=True)
    import_comparisons(
        campaign=scene.campaign,
        stream=io.BytesIO(json.dumps(RECORD).encode()),
        settings=ImportSettings(),
        source="file",
        acting_user=scene.maya,
        now=scene.now,
    )
    comparison = Comparison.objects.get()
    places = (
        ("annotate", scene.alice, PATH),
        ("comparison", scene.maya, f"/campaigns/{scene.campaign.slug}/comparisons/{comparison.pk}/"),
    )
    for size, theme, viewport in (("wide", "light", WIDE), ("phone", "dark", PHONE)):
        for name, who, path in places:
            page = sign_in(who, path=path, viewport=viewport, color_scheme=theme)
            expect(page.locator(".completions .turn")).to_have_count(6)
            expect(page.locator(".message[data-role=tools] summary")).to_have_text("1 tool is offered: get_weather")
            expect(page.locator(".completions .tool-call .tool-name")).to_have_text("Calls get_weather")
            expect(page.locator(".completions .tool-result .tool-name")).to_have_text("Result of get_weather")
            assert no_sideways_scrolling(page)
            picture(page, f"conversation-{name}-{size}-{theme}")
            assert barriers(page) == []
            if (name, size) == ("annotate", "wide"):
                ready(page)
                page.locator(".message[data-role=tools] summary").click()
                expect(page.locator(".offered-tool pre")).to_be_visible()
                picture(page, "conversation-tools-open")
                press(page, "e")
                expect(page.get_by_text("Completions of several turns cannot be edited.")).to_be_visible()
