"""Links by which people come into a campaign."""

import json
from datetime import timedelta
from typing import Any

import pytest

from common.errors import Invalid, NotAllowed
from labeling.actions.erasure import erase_person
from labeling.actions.invitations import (
    InvitationNotFound,
    InvitationOver,
    accept_invitation,
    create_invitation,
    open_invitation,
    revoke_invitation,
    sign_up_by_invitation,
)
from labeling.actions.members import add_member, remove_member
from labeling.actions.people import UsernameTaken
from labeling.models import Event, Invitation, Membership, User
from tests.people import PASSWORD, Stage, person, stage


def invite(scene: Stage, **values: object) -> tuple[Invitation, str]:
    given: dict[str, object] = {"expires_at": scene.now + timedelta(days=7), "acting_user": scene.maya, **values}
    return create_invitation(campaign=scene.campaign, now=scene.now, **given)  # type: ignore[arg-type]


def test_who_has_an_account_takes_part_by_a_link_and_coming_twice_uses_nothing_up() -> None:
    scene = stage()
    invitation, token = invite(scene, max_uses=1, role="expert")
    for _ in range(2):
        membership = accept_invitation(token=token, acting_user=scene.charlie, now=scene.now)
        assert (membership.user, membership.role) == (scene.charlie, "expert")
    invitation.refresh_from_db()
    assert invitation.uses == 1
    assert Event.objects.filter(verb="invitation.accepted").count() == 1


def test_who_has_none_makes_an_annotators_account() -> None:
    scene = stage()
    _, token = invite(scene)
    user = sign_up_by_invitation(token=token, username="dana", password=PASSWORD, now=scene.now)
    assert (user.role, user.check_password(PASSWORD), user.is_staff) == ("annotator", True, False)
    assert Membership.objects.get(user=user).campaign == scene.campaign


def test_a_refused_account_uses_nothing_up() -> None:
    scene = stage()
    invitation, token = invite(scene, max_uses=1)
    with pytest.raises(UsernameTaken):
        sign_up_by_invitation(token=token, username="alice", password=PASSWORD, now=scene.now)
    with pytest.raises(Invalid):
        sign_up_by_invitation(token=token, username="dana", password="short", now=scene.now)
    invitation.refresh_from_db()
    assert (invitation.uses, User.objects.filter(username="dana").exists()) == (0, False)


def test_a_link_that_is_used_up_over_or_taken_back_opens_nothing_and_says_which() -> None:
    scene = stage()
    _, used_token = invite(scene, max_uses=1)
    accept_invitation(token=used_token, acting_user=scene.charlie, now=scene.now)
    back, back_token = invite(scene)
    revoke_invitation(invitation=back, acting_user=scene.maya, now=scene.now)
    _, late_token = invite(scene)
    for token, later, reason in (
        (used_token, 0, "used up"),
        (back_token, 0, "revoked"),
        (late_token, 8, "expired"),
    ):
        with pytest.raises(InvitationOver, match=reason):
            open_invitation(token, now=scene.now + timedelta(days=later))
    with pytest.raises(InvitationNotFound):
        open_invitation("nothing", now=scene.now)


def test_only_the_fingerprint_of_a_link_is_kept() -> None:
    scene = stage()
    invitation, token = invite(scene)
    assert token not in str(Invitation.objects.filter(pk=invitation.pk).values())
    assert token not in str(list(Event.objects.values("before", "after")))


def test_an_invitation_to_lead_makes_nobody_a_lead_who_is_an_annotator() -> None:
    scene = stage()
    _, token = invite(scene, role="lead")
    with pytest.raises(Invalid, match="need an account"):
        sign_up_by_invitation(token=token, username="dana", password=PASSWORD, now=scene.now)
    with pytest.raises(Invalid, match="cannot lead"):
        accept_invitation(token=token, acting_user=scene.charlie, now=scene.now)
    lead = person("lena", "lead")
    assert accept_invitation(token=token, acting_user=lead, now=scene.now).role == "lead"


def test_only_leads_invite_and_an_invitation_ends_within_a_year() -> None:
    scene = stage()
    with pytest.raises(NotAllowed):
        invite(scene, acting_user=scene.alice)
    for days in (-1, 0, 400):
        with pytest.raises(Invalid, match="within a year"):
            invite(scene, expires_at=scene.now + timedelta(days=days))


def test_somebody_who_was_removed_does_not_come_back_by_an_older_link() -> None:
    scene = stage()
    _, token = invite(scene)
    remove_member(campaign=scene.campaign, user=scene.alice, acting_user=scene.maya, now=scene.now)
    with pytest.raises(InvitationOver, match="You were removed"):
        accept_invitation(token=token, acting_user=scene.alice, now=scene.now)
    assert not Membership.objects.filter(campaign=scene.campaign, user=scene.alice).exists()
    later = scene.now + timedelta(minutes=1)
    _, newer = create_invitation(
        campaign=scene.campaign, expires_at=later + timedelta(days=1), acting_user=scene.maya, now=later
    )
    assert accept_invitation(token=newer, acting_user=scene.alice, now=later).user == scene.alice


def test_who_was_added_again_and_left_on_their_own_comes_back_by_the_older_link() -> None:
    scene = stage()
    _, token = invite(scene)
    by: Any = {"campaign": scene.campaign, "user": scene.ada, "now": scene.now}
    remove_member(**by, acting_user=scene.maya)
    add_member(**by, role="lead", acting_user=scene.maya)
    remove_member(**by, acting_user=scene.ada)
    assert accept_invitation(token=token, acting_user=scene.ada, now=scene.now).user == scene.ada


def test_an_erasure_blanks_the_note_about_the_person_and_the_log_never_had_it() -> None:
    scene = stage()
    theirs, token = invite(scene, max_uses=1, note="Eva Muster")
    shared, link = invite(scene, note="Linguists")
    for person_of, used in ((scene.charlie, token), (scene.charlie, link), (scene.root, link)):
        accept_invitation(token=used, acting_user=person_of, now=scene.now)
    accept_invitation(token=link, acting_user=scene.charlie, now=scene.now)
    erase_person(person=scene.charlie, confirmation="charlie", acting_user=scene.charlie, now=scene.now)
    theirs.refresh_from_db()
    shared.refresh_from_db()
    assert (theirs.note, shared.note) == ("", "Linguists")
    assert "Eva" not in json.dumps(list(Event.objects.values_list("before", "after")))
