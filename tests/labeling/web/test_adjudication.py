"""Conflicts and flags on their pages: decided one after the other, as blind as annotators are."""

from labeling.models import Campaign, Comparison, Completion, Verdict
from tests.clients import Visiting
from tests.people import Stage, person, stage

ADJUDICATION, FLAGS = "/campaigns/sums/adjudication/", "/campaigns/sums/flags/"


def disagreeing(comparisons: int = 1) -> Stage:
    scene = stage(comparisons=comparisons, overlap=2, criteria=[{"name": "helpful"}])
    for user, winner in ((scene.alice, "a"), (scene.bob, "b")):
        while given := scene.next(user):
            scene.vote(given, winner, comment="<b>Because</b> it is.", criteria={"helpful": "left"})
    return scene


def test_an_expert_sees_votes_and_words_decides_and_the_next_conflict_follows(visiting: Visiting) -> None:
    scene = disagreeing(2)
    erin = person("erin")
    scene.join(erin, role="expert")
    client = visiting(erin)
    page = client.get(ADJUDICATION).content.decode()
    first, second = Comparison.objects.order_by("pk")
    assert scene.alice.pseudonym in page
    assert "alice" not in page
    assert "/people/" not in page
    assert (
        '<a href="/campaigns/sums/people/alice/"><bdi>alice</bdi></a>'
        in visiting(scene.maya).get(ADJUDICATION).content.decode()
    )
    assert "alice" not in page
    assert "&lt;b&gt;Because&lt;/b&gt; it is." in page
    assert "helpful" in page
    assert f'name="comparison" value="{first.pk}"' in page
    refused = client.post(ADJUDICATION, {"comparison": first.pk, "winner": "a", "reason": " "}).content.decode()
    assert f'name="comparison" value="{first.pk}"' in refused
    assert 'class="errorlist"' in refused
    answer = client.post(ADJUDICATION, {"comparison": first.pk, "winner": "b", "reason": "True."}, follow=True)
    verdict = Verdict.objects.get()
    assert (verdict.winner, verdict.reason, verdict.settled_by_user) == ("b", "True.", erin)
    assert f'name="comparison" value="{second.pk}"' in answer.content.decode()
    late = client.post(ADJUDICATION, {"comparison": first.pk, "winner": "a", "reason": "Late."}, follow=True)
    assert "only a conflict can be adjudicated" in late.content.decode()


def test_skipped_conflicts_stay_behind_those_not_yet_seen(visiting: Visiting) -> None:
    scene = disagreeing(4)
    client = visiting(scene.maya)
    skipped, also, third, fourth = Comparison.objects.order_by("pk")
    assert f'href="?after={skipped.pk}"' in client.get(ADJUDICATION).content.decode()
    assert f'href="?after={also.pk}"' in client.get(f"{ADJUDICATION}?after={skipped.pk}").content.decode()
    decision = {"comparison": third.pk, "winner": "a", "reason": "True."}
    answer = client.post(f"{ADJUDICATION}?after={also.pk}", decision, follow=True)
    assert f'name="comparison" value="{fourth.pk}"' in answer.content.decode()
    late = client.post(ADJUDICATION, decision, follow=True)  # somebody was faster: nobody starts over for that
    assert f'name="comparison" value="{fourth.pk}"' in late.content.decode()


def test_a_conflict_or_a_flag_is_decided_from_its_own_page(visiting: Visiting) -> None:
    scene = disagreeing(3)
    client = visiting(scene.maya)
    last = Comparison.objects.order_by("-pk")[0]
    for path in (f"/campaigns/sums/comparisons/{last.pk}/", "/campaigns/sums/disagreements/"):
        assert f'href="{ADJUDICATION}?comparison={last.pk}"' in client.get(path).content.decode()
    page = client.get(f"{ADJUDICATION}?comparison={last.pk}").content.decode()
    assert f'name="comparison" value="{last.pk}"' in page
    Comparison.objects.filter(pk=last.pk).update(status="flagged")
    page = client.get(f"/campaigns/sums/comparisons/{last.pk}/").content.decode()
    assert f'href="{FLAGS}?comparison={last.pk}"' in page
    assert f'name="comparison" value="{last.pk}"' in client.get(f"{FLAGS}?comparison={last.pk}").content.decode()


def test_who_decides_is_as_blind_as_who_judges(visiting: Visiting) -> None:
    scene = disagreeing()
    named = '<span class="muted small">base</span>'
    assert named not in visiting(scene.maya).get(ADJUDICATION).content.decode()
    Campaign.objects.update(blind=False)
    assert named in visiting(scene.maya).get(ADJUDICATION).content.decode()


def test_an_expert_works_through_the_conflicts_by_api(visiting: Visiting) -> None:
    scene = disagreeing(2)
    erin = person("erin")
    scene.join(erin, role="expert")
    client = visiting(erin)
    address = "/api/v1/campaigns/sums/adjudication/"
    first = client.get(address).json()
    second = client.get(f"{address}?after={first['comparison']}").json()
    assert first["votes"] == {"a": 1, "b": 1}
    assert {one["choice"] for one in first["statements"]} == {"a", "b"}
    assert first["statements"][0]["comment"] == "<b>Because</b> it is."
    assert "alice" not in str(first)
    for conflict in (first, second):
        body = {"winner": "a", "reason": "It is true."}
        path = f"/api/v1/comparisons/{conflict['comparison']}/adjudication/"
        assert client.post(path, body, content_type="application/json").status_code == 201
    assert client.get(address).status_code == 204


def test_an_expert_runs_nothing_and_an_annotator_adjudicates_nothing(visiting: Visiting) -> None:
    scene = disagreeing()
    erin = person("erin")
    scene.join(erin, role="expert")
    assert visiting(erin).get("/campaigns/sums/settings/").status_code == 403
    assert visiting(erin).get(FLAGS).status_code == 403
    assert visiting(scene.alice).get(ADJUDICATION).status_code == 403


def test_a_lead_looks_at_flags_one_after_the_other(visiting: Visiting) -> None:
    scene = stage(comparisons=2)
    for _ in range(2):
        scene.judge(scene.given(scene.alice), "skip", flag="harm")
    client = visiting(scene.maya)
    first, second = Comparison.objects.order_by("pk")
    assert "Flagged: harmful" in client.get(FLAGS).content.decode()
    client.post(FLAGS, {"comparison": first.pk, "reason": "It is a novel.", "decision": "keep"})
    answer = client.post(FLAGS, {"comparison": second.pk, "reason": "It is.", "decision": "retire"}, follow=True)
    assert "No flagged comparisons" in answer.content.decode()
    assert list(Comparison.objects.order_by("pk").values_list("status", flat=True)) == ["open", "retired"]


def test_a_text_that_was_cut_off_is_marked_wherever_it_is_shown(visiting: Visiting) -> None:
    scene = disagreeing()
    comparison = Comparison.objects.get()
    client, mark = visiting(scene.maya), '<p class="cut-off" data-cut>Cut off at the token limit</p>'
    paths = (ADJUDICATION, f"/campaigns/sums/comparisons/{comparison.pk}/", "/campaigns/sums/disagreements/")
    assert [client.get(path).content.decode().count(mark) for path in paths] == [0, 0, 0]
    Completion.objects.filter(pk=comparison.completion_b_id).update(finish_reason="length")
    assert [client.get(path).content.decode().count(mark) for path in paths] == [1, 1, 1]
