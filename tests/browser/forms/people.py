"""Members, invitations, tokens and accounts."""

from datetime import timedelta

from django.utils import timezone

from labeling.actions.invitations import create_invitation
from tests.browser.forms.entry import Entry
from tests.browser.forms.world import World
from tests.people import PASSWORD, person

PEOPLE = "/campaigns/sums/people/"


def _stranger(world: World) -> None:
    """Somebody who is to be erased."""
    world.stage.join(person("zoe"))


def _other_invitation(world: World) -> dict[str, object]:
    now = timezone.now()
    _, token = create_invitation(
        campaign=world.stage.campaign, expires_at=now + timedelta(days=3), acting_user=world.stage.maya, now=now
    )
    return {"new_invitation": token}


ENTRIES = (
    Entry(
        form="labeling/people.html",
        path=PEOPLE,
        fill={"username": "charlie", "role": "expert"},
        sees="charlie is now a member with the role expert",
        wrong={"username": "nobody-at-all"},
        complaint="There is no user with this name",
    ),
    Entry(
        form="labeling/people/member.html",
        path=PEOPLE,
        which=":has([name=username][value=bob])",
        press="Pause",
        sees="bob is paused",
    ),
    Entry(
        form="labeling/people/remove.html",
        path=PEOPLE,
        which=":has([name=username][value=bob])",
        press="Remove",
        sees="bob is removed",
    ),
    Entry(
        form="labeling/invitations.html",
        path="/campaigns/sums/invitations/",
        fill={"role": "expert", "note": "From the spring course", "days": "3", "max_uses": "4"},
        sees="/invitations/",
        wrong={"days": "1000"},
        complaint="less than or equal to 365",
    ),
    Entry(
        form="labeling/invitation.html",
        path="/invitations/{new_invitation}/",
        by=None,
        arrange=_other_invitation,
        fill={"username": "dana", "password": PASSWORD},
        sees="Welcome to Sums",
        wrong={"username": "alice"},
        complaint="There is already a user called alice",
    ),
    Entry(
        form="labeling/invitations/row.html",
        path="/campaigns/sums/invitations/",
        press="Revoke",
        sees="The invitation is revoked",
    ),
    Entry(
        form="labeling/tokens.html",
        path="/tokens/",
        fill={"name": "weekly report", "scopes": ["read", "export"], "days": "30"},
        sees="Copy it now",
        wrong={"scopes": []},
        complaint="This field is required",
    ),
    Entry(form="labeling/tokens/row.html", path="/tokens/", sees="is revoked"),
    Entry(
        form="labeling/you/erase.html",
        path="/people/zoe/",
        by="root",
        arrange=_stranger,
        fill={"withdraw": True, "confirmation": "zoe"},
        sees="The account zoe is erased",
        wrong={"confirmation": "zoey"},
        complaint="this cannot be undone",
    ),
)
