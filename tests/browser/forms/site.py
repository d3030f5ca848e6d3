"""Signing in and out, and the language: the forms around every page."""

from config.sign_in import oidc_provider
from labeling.models import User
from tests.browser.forms.entry import Entry
from tests.browser.forms.world import World
from tests.labeling.oidc_provider import CLIENT, SECRET, running_provider
from tests.people import PASSWORD


def _provider_knows_alice(world: World) -> None:
    provider = world.open_parts.enter_context(running_provider())
    provider.claims = {"sub": "4711", "email": "alice@firm.example", "email_verified": True}
    User.objects.filter(username="alice").update(email="alice@firm.example")
    world.settings.SOCIALACCOUNT_PROVIDERS = oidc_provider(provider.issuer, "Firm", CLIENT, SECRET)


ENTRIES = (
    Entry(
        form="login.html",
        path="/login/",
        by=None,
        fill={"username": "alice", "password": PASSWORD},
        sees="Log out",
        wrong={"username": "Alice"},
        complaint="Wrong user name or password",
    ),
    Entry(
        form="parts/providers.html",
        path="/login/",
        by=None,
        arrange=_provider_knows_alice,
        sees="Log out",  # after the way to the provider and back
        never_refused="It has nothing to fill in.",
        leaves=True,
    ),
    Entry(
        form="parts/language.html",
        path="/you/",
        fill={"language": "de"},
        sees="Abmelden",
        never_refused="It has a list.",
    ),
    Entry(form="parts/topbar.html", path="/you/", sees="Sign in"),
)
