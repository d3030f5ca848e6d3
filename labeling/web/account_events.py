"""Names and sentences for the events of accounts, tokens and the log itself, which belong to no campaign."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NOUNS = frozenset({"events", "person", "token", "user"})
"""The nouns of these verbs. No event of theirs has a campaign."""

LABELS: Mapping[str, str | Promise] = {
    "events.exported": _("Event log exported"),
    "person.account_read": _("Account looked at"),
    "person.data_read": _("Data of a person read"),
    "person.erased": _("Person erased"),
    "person.list_read": _("List of accounts looked at"),
    "token.created": _("API token created"),
    "token.revoked": _("API token revoked"),
    "user.address_changed": _("E-mail address changed"),
    "user.code_failed": _("Wrong code of a second step"),
    "user.created": _("Account created"),
    "user.passkey_added": _("Passkey added"),
    "user.passkey_removed": _("Passkey removed"),
    "user.password_changed": _("Password changed"),
    "user.password_demand_lifted": _("New password no longer demanded"),
    "user.password_demanded": _("New password demanded"),
    "user.provider_linked": _("Sign-in provider linked"),
    "user.recovery_codes_renewed": _("Recovery codes made anew"),
    "user.renamed": _("User name changed"),
    "user.rights_changed": _("Rights of an account changed"),
    "user.second_factor_off": _("Two-step sign-in turned off"),
    "user.second_factor_on": _("Two-step sign-in turned on"),
    "user.second_factor_reset": _("Two-step sign-in reset"),
    "user.sessions_ended": _("Sessions ended"),
    "user.sign_in_failed": _("Sign-in failed"),
    "user.signed_in": _("Signed in"),
    "user.signed_out": _("Signed out"),
}

SENTENCES: Mapping[str, str | Promise] = {
    "events.exported": _("%(what)s exported the event log"),
    "person.account_read": _("%(who)s looked at the account of %(what)s"),
    "person.data_read": _("%(who)s read the data about %(what)s"),
    "person.erased": _("%(who)s erased %(what)s"),
    "person.list_read": _("%(what)s looked at the list of accounts"),
    "token.created": _("%(who)s created the %(what)s"),
    "token.revoked": _("%(who)s revoked the %(what)s"),
    "user.address_changed": _("%(who)s changed the e-mail address of %(what)s"),
    "user.code_failed": _("A code for the account %(what)s was wrong"),
    "user.created": _("%(who)s created the account %(what)s"),
    "user.passkey_added": _("%(what)s added a passkey"),
    "user.passkey_removed": _("%(what)s removed a passkey"),
    "user.password_changed": _("%(who)s changed the password of %(what)s"),
    "user.password_demand_lifted": _("%(who)s lets %(what)s keep the password"),
    "user.password_demanded": _("%(who)s demanded a new password of %(what)s"),
    "user.provider_linked": _("%(what)s signed in with a provider for the first time"),
    "user.recovery_codes_renewed": _("%(what)s made new recovery codes"),
    "user.renamed": _("%(who)s changed the user name of %(what)s"),
    "user.rights_changed": _("%(who)s changed the rights of %(what)s"),
    "user.second_factor_off": _("%(what)s turned two-step sign-in off"),
    "user.second_factor_on": _("%(what)s turned two-step sign-in on"),
    "user.second_factor_reset": _("%(who)s reset the two-step sign-in of %(what)s"),
    "user.sessions_ended": _("%(who)s ended sessions of %(what)s"),
    "user.sign_in_failed": _("A sign-in as %(what)s failed"),
    "user.signed_in": _("%(what)s signed in"),
    "user.signed_out": _("%(what)s signed out"),
}
