"""Acts on many rows, as forms without JavaScript."""

import json
import re
from dataclasses import replace
from typing import Any

from labeling.models import BulkAct, Comparison, Prompt
from tests.clients import Visiting, text_of
from tests.people import Stage, pair, stage

ACT = "/campaigns/sums/comparisons/act/"


def shown(page: Any) -> str:
    """The field of a question that says which rows it is about."""
    (value,) = re.findall(r'name="shown" value="([^"]+)"', page.content.decode())
    return str(value)


def confirm(visitor: Any, sent: dict[str, Any], path: str = ACT, **more: Any) -> Any:
    """Asks for an act and confirms what the question shows."""
    asked = shown(visitor.post(path, sent))
    return visitor.post(path, sent | {"confirmed": "1", "shown": asked} | more)


def statuses() -> list[str]:
    return list(Comparison.objects.order_by("pk").values_list("status", flat=True))


def test_an_act_asks_with_its_count_before_it_happens(visiting: Visiting) -> None:
    scene = stage(comparisons=5)
    maya = visiting(scene.maya)
    ticked = list(Comparison.objects.order_by("pk").values_list("pk", flat=True))[:2]
    question = maya.post(ACT, {"kind": "retire", "scope": "chosen", "pk": ticked})
    assert "2 comparisons" in " ".join(question.content.decode().split())
    assert statuses() == ["open"] * 5
    asked = {"kind": "retire", "pk": ticked, "confirmed": "1", "shown": shown(question)}
    page = maya.post(ACT, asked).content.decode()
    assert "This field is required" in page
    assert statuses() == ["open"] * 5
    answer = maya.post(ACT, asked | {"reason": "Broken."}, follow=True)
    assert 'data-testid="bulk-changed">2<' in answer.content.decode()
    assert statuses() == ["retired", "retired", "open", "open", "open"]


def test_all_that_match_means_the_filter_of_the_list(visiting: Visiting) -> None:
    scene = stage(comparisons=4, overlap=1)
    scene.settle(["a"])
    maya = visiting(scene.maya)
    confirm(maya, {"kind": "retire", "scope": "all", "filter": "status=open", "reason": "Enough."})
    assert sorted(statuses()) == ["retired", "retired", "retired", "settled"]


def test_an_act_asks_again_if_rows_were_added_meanwhile(visiting: Visiting) -> None:
    scene = stage(comparisons=2)
    maya = visiting(scene.maya)
    sent = {"kind": "retire", "scope": "all", "filter": "status=open"}
    asked = shown(maya.post(ACT, sent))
    scene.add([pair(7), pair(8)])
    confirmed = sent | {"confirmed": "1", "reason": "Broken."}
    for more in ({"shown": asked}, {"shown": asked, "reason": " "}):
        answer = maya.post(ACT, confirmed | more)
        assert "2 rows were added or changed since" in answer.content.decode()
        assert shown(answer).startswith("4-")
    for more in ({"shown": "5-x"}, {"shown": "4"}, {"shown": "many"}, {}):  # the last: not asked yet
        maya.post(ACT, confirmed | more)
    assert not BulkAct.objects.exists()
    maya.post(ACT, confirmed | {"shown": shown(answer)})
    assert statuses() == ["retired"] * 4


def test_an_act_asks_again_if_as_many_other_rows_match_by_then(visiting: Visiting) -> None:
    scene = stage(comparisons=2, overlap=1)
    maya = visiting(scene.maya)
    sent = {"kind": "retire", "scope": "all", "filter": "status=open", "reason": "Broken."}
    asked = shown(maya.post(ACT, sent))
    scene.settle("a")
    scene.add([pair(7)])
    answer = maya.post(ACT, sent | {"confirmed": "1", "shown": asked})
    assert "They are no longer the same rows" in answer.content.decode()
    assert not BulkAct.objects.exists()
    maya.post(ACT, sent | {"confirmed": "1", "shown": shown(answer)})
    assert sorted(statuses()) == ["retired", "retired", "settled"]


def test_a_generation_asks_again_if_prompts_were_added_meanwhile(visiting: Visiting) -> None:
    scene = stage(comparisons=2)
    maya, address = visiting(scene.maya), "/campaigns/sums/prompts/generate/"
    sent = {"scope": "all"}
    asked = shown(maya.post(address, sent))
    scene.add([pair(7)])
    answer = maya.post(address, sent | {"confirmed": "1", "shown": asked})
    assert "1 row was added or changed since" in answer.content.decode()
    assert shown(answer).startswith("3-")


def test_an_act_can_be_undone_from_its_page(visiting: Visiting) -> None:
    scene = stage(comparisons=3)
    maya = visiting(scene.maya)
    page = [str(one.pk) for one in Comparison.objects.all()]
    confirm(maya, {"kind": "retire", "scope": "page", "on_page": page, "reason": "Oh."})
    act = BulkAct.objects.get()
    assert "Undo" in text_of(maya, f"/campaigns/sums/acts/{act.pk}/")
    undo = {"kind": "restore", "scope": "all", "filter": f"act={act.pk}"}
    assert "3 comparisons" in " ".join(maya.post(ACT, undo).content.decode().split())
    confirm(maya, undo)
    assert statuses() == ["open"] * 3


def test_nothing_ticked_is_said_and_the_filter_is_kept(visiting: Visiting) -> None:
    scene: Stage = stage(comparisons=1)
    sent = {"kind": "retire", "scope": "chosen", "filter": "status=open"}
    answer = visiting(scene.maya).post(ACT, sent, follow=True)
    assert answer.redirect_chain[0][0].endswith("/comparisons/?status=open")
    assert "Choose at least one row." in answer.content.decode()


def test_nothing_ticked_leads_back_to_the_same_page_in_the_same_order(visiting: Visiting) -> None:
    scene: Stage = stage(comparisons=1)
    sent = {"kind": "retire", "scope": "chosen", "filter": "status=open", "view": "status=open&order=oldest&after=7"}
    assert visiting(scene.maya).post(ACT, sent)["Location"].endswith("/comparisons/?status=open&order=oldest&after=7")
    page = visiting(scene.maya).get("/campaigns/sums/comparisons/?order=oldest&after=0").content.decode()
    assert 'name="view" value="order=oldest&amp;after=0"' in page
    assert "Winner" not in page.partition("<table")[2]  # nothing is settled yet
    scene.settle("a")
    assert "Winner" in visiting(scene.maya).get("/campaigns/sums/comparisons/").content.decode().partition("<table")[2]


def test_rows_of_another_campaign_are_not_touched(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    other = stage_elsewhere(scene)
    sent = {"kind": "retire", "pk": [other.pk], "confirmed": "1", "shown": "0-", "reason": "?"}
    assert "Choose at least one row." in visiting(scene.maya).post(ACT, sent).content.decode()
    other.refresh_from_db()
    assert other.status == "open"


def stage_elsewhere(scene: Stage) -> Comparison:
    from labeling.actions.campaigns import create_campaign
    from labeling.actions.comparisons import add_comparisons

    campaign = create_campaign(name="Elsewhere", acting_user=scene.root, now=scene.now)
    added = add_comparisons(campaign=campaign, drafts=[pair(1)], source="test", acting_user=scene.root, now=scene.now)
    (one,) = added.comparisons
    assert one is not None
    return one


def test_an_export_has_the_chosen_verdicts_only(visiting: Visiting) -> None:
    scene = stage(comparisons=4, overlap=1)
    scene.settle(["a", "a", "b"])
    first = Comparison.objects.filter(status="settled").earliest("pk")
    answer = confirm(visiting(scene.maya), {"kind": "export", "pk": [first.pk]}, dialect="trl")
    (row,) = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert row["prompt"] == first.prompt.messages


def test_an_export_of_chosen_comparisons_can_be_cleaned(visiting: Visiting) -> None:
    scene = stage(overlap=1)
    draft = pair(1)
    scene.add([replace(draft, first=replace(draft.first, text="Write to kim@example.org."))])
    scene.settle(["a"])
    maya, sent = visiting(scene.maya), {"kind": "export", "scope": "all"}
    answer = confirm(maya, sent, dialect="csv", redact_email="on")
    data = b"".join(answer.streaming_content)
    assert b"kim@example.org" not in data
    assert b"Write to" in data
    page = maya.post("/campaigns/sums/comparisons/act/", sent).content.decode()
    assert "Clean the file" in page
    whole = confirm(maya, sent, dialect="full", redact_email="on")
    assert "loses nothing, so it is not cleaned" in whole.content.decode()


def test_retired_prompts_say_what_happens_to_their_comparisons(visiting: Visiting) -> None:
    scene = stage(comparisons=2)
    maya = visiting(scene.maya)
    sent = {"kind": "retire", "scope": "all"}
    page = maya.post("/campaigns/sums/prompts/act/", sent).content.decode()
    assert "Their comparisons are retired too" in page
    confirm(maya, sent, "/campaigns/sums/prompts/act/", reason="A wrong file.")
    assert not Prompt.objects.filter(retired_at=None).exists()
    assert statuses() == ["retired"] * 2


def test_an_unknown_act_does_nothing_and_says_so(visiting: Visiting) -> None:
    scene = stage(comparisons=2)
    sent = {"kind": "burn", "pk": list(scene.campaign.comparisons.values_list("pk", flat=True)), "reason": "Oh."}
    page = visiting(scene.maya).post(ACT, {**sent, "confirmed": "1", "shown": "2-"}, follow=True).content.decode()
    assert "This cannot be done to these rows." in page
    assert not BulkAct.objects.exists()
