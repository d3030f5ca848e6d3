"""One's own account: password, e-mail address, signed-in browsers and notices; and one's inbox."""

from django.contrib.auth.tokens import default_token_generator
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from playwright.sync_api import Page, expect

from labeling.actions.accounts import note_session
from labeling.actions.mails import address_token
from labeling.actions.members import pause_member
from labeling.models import User
from tests.browser.conftest import session_of
from tests.browser.forms.entry import Entry
from tests.browser.forms.world import World
from tests.people import PASSWORD

NEW_PASSWORD = "another horse, another battery"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"


def _address_link(world: World) -> dict[str, object]:
    """A link that confirms an address of Bob's."""
    return {"address_token": address_token(world.stage.bob, "bob@example.org")}


def _alice_has_an_address(world: World) -> None:
    User.objects.filter(pk=world.stage.alice.pk).update(email="alice@example.org")


def _reset_link(world: World) -> dict[str, object]:
    """A link with which Charlie chooses a new password."""
    charlie = User.objects.get(pk=world.stage.charlie.pk)
    identifier = urlsafe_base64_encode(force_bytes(charlie.pk))
    return {"reset_user": identifier, "reset_token": default_token_generator.make_token(charlie)}


def _other_browser(world: World) -> None:
    """Alice is signed in with Firefox as well."""
    alice = world.stage.alice
    note_session(user=alice, session_key=session_of(alice), user_agent=FIREFOX, now=timezone.now())


def _paused_annotator(world: World) -> None:
    """Somebody is paused: an item of the inbox that can be set aside."""
    user, stage = world.newcomer(), world.stage
    pause_member(campaign=stage.campaign, user=user, acting_user=stage.maya, now=stage.now)


def _only_one_is_listed(page: Page) -> None:
    expect(page.get_by_test_id("sessions").get_by_role("listitem")).to_have_count(1)


ENTRIES = (
    Entry(
        form="labeling/inbox/item.html",
        path="/inbox/",
        arrange=_paused_annotator,
        which=":has([name=act][value=aside])",
        sees="The item is set aside",
    ),
    Entry(
        form="labeling/address_change.html",
        path="/you/address/",
        by="alice",
        fill={"email": "alice@example.org"},
        sees="We sent a link to alice@example.org",
        wrong={"email": "alice at home"},
        complaint="Enter a valid email address",
    ),
    Entry(
        form="labeling/address_confirm.html",
        path="/you/address/confirm/{address_token}/",
        by="bob",
        arrange=_address_link,
        sees="bob@example.org is confirmed",
    ),
    Entry(
        form="labeling/you/notices.html",
        path="/you/",
        by="charlie",
        fill={"when": "never", "hour": "7"},
        sees="Your choice is saved",
        wrong={"when": "daily"},
        complaint="Your account has no e-mail address",
    ),
    Entry(
        form="labeling/you/signing_in.html",
        path="/you/",
        by="alice",
        arrange=_other_browser,
        which=":has-text('Firefox on Linux')",
        sees="1 session has ended",
    ),
    Entry(
        form="labeling/you/signing_in.html#2",
        path="/you/",
        by="alice",
        arrange=_other_browser,
        sees="ended.",
        check=_only_one_is_listed,
    ),
    Entry(
        form="labeling/password_reset.html",
        path="/password/",
        by=None,
        arrange=_alice_has_an_address,
        fill={"email": "alice@example.org"},
        sees="Check your e-mail",
        wrong={"email": "alice at home"},
        complaint="Enter a valid email address",
    ),
    Entry(
        form="labeling/password_reset_confirm.html",
        path="/password/{reset_user}/{reset_token}/",
        by=None,
        arrange=_reset_link,
        fill={"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD},
        sees="Sign in with the new one",
        wrong={"new_password2": "another horse"},
        complaint="The two password fields",
    ),
    Entry(
        form="labeling/password_change.html",
        path="/you/password/",
        by="ada",
        fill={"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD},
        sees="Your password is changed",
        wrong={"old_password": "wrong"},
        complaint="entered incorrectly",
    ),
)
