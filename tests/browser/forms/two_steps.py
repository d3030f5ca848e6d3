"""Two-step sign-in: turned on, used, changed, and reset by an admin."""

from allauth.mfa.models import Authenticator
from django.utils import timezone
from fido2.utils import websafe_encode
from playwright.sync_api import Locator, Page

from tests.browser.forms.entry import Entry
from tests.browser.forms.world import World
from tests.browser.test_passkeys import plug_in
from tests.labeling.authenticator_app import code_of, with_app
from tests.labeling.authenticator_device import Device
from tests.people import PASSWORD

PAGE = "/you/second-factor/"


def _bob_has_an_app(world: World) -> dict[str, object]:
    Authenticator.objects.filter(user=world.stage.bob).delete()
    return {"recovery_code": with_app(world.stage.bob, timezone.now())[0]}


def _charlie_has_none(world: World) -> None:
    Authenticator.objects.filter(user=world.stage.charlie).delete()


def _right_password(page: Page) -> None:
    page.get_by_label("User name").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_test_id("sign-in").click()
    page.wait_for_url("**/login/code/")


def _code_of_the_app(page: Page, form: Locator) -> None:
    key = page.get_by_test_id("totp-secret").inner_text().replace(" ", "")
    form.get_by_label("Code in the app").fill(code_of(key, timezone.now()))
    form.get_by_label("Your password").fill(PASSWORD)
    form.get_by_role("button", name="Turn on").click()


DEVICE = Device("http://localhost", site="localhost")


def _bob_has_a_passkey(world: World) -> dict[str, object]:
    _bob_has_an_app(world)
    handle = websafe_encode(str(world.stage.bob.pk).encode())
    credential = DEVICE.make({"publicKey": {"user": {"id": handle}, "challenge": "eA"}})
    data = {"name": "Phone", "credential": credential}
    row = Authenticator.objects.create(user=world.stage.bob, type=Authenticator.Type.WEBAUTHN, data=data)
    return {"passkey": row.pk}


ENTRIES = (
    Entry(
        form="labeling/passkeys.html",
        path="/you/passkeys/",
        by="charlie",
        arrange=_charlie_has_none,
        opens=plug_in,
        fill={"name": "Phone", "password": PASSWORD},
        sees="Your recovery codes",
        wrong={"password": "wrong"},
        complaint="This is not your password",
        needs_scripts=True,
    ),
    Entry(
        form="labeling/passkeys/row.html",
        path="/you/passkeys/",
        by="bob",
        arrange=_bob_has_a_passkey,
        fill={"proof": PASSWORD},
        sees="The passkey is removed",
        wrong={"proof": "wrong"},
        complaint="neither your password nor a code",
    ),
    Entry(
        form="labeling/second_step.html",
        path="/login/",
        by=None,
        arrange=_bob_has_an_app,
        opens=_right_password,
        fill={"code": "{recovery_code}"},
        sees="Log out",
        wrong={"code": "000000"},
        complaint="This code is wrong",
    ),
    Entry(
        form="labeling/second_factor/off.html",
        path=PAGE,
        by="charlie",
        arrange=_charlie_has_none,
        fill={"code": "000000", "password": PASSWORD},
        act=_code_of_the_app,
        press="Turn on",
        sees="Your recovery codes",
        wrong={"password": "wrong"},
        complaint="This is not your password",
    ),
    Entry(
        form="labeling/second_factor/on.html",
        path=PAGE,
        by="bob",
        arrange=_bob_has_an_app,
        fill={"proof": PASSWORD},
        press="New recovery codes",
        sees="Your recovery codes",
        wrong={"proof": "wrong"},
        complaint="neither your password nor a code",
    ),
    Entry(
        form="labeling/you/reset_second_factor.html",
        path="/people/bob/",
        by="root",
        arrange=_bob_has_an_app,
        sees="all their sessions have ended",
        never_refused="It has nothing to fill in.",
    ),
)
