"""The names of annotators as the leads of a campaign see them."""

from labeling.models import Campaign, User


def name_for_leads(user: User, campaign: Campaign) -> str:
    """The user name; the pseudonym where the campaign is pseudonymous, or where the account was erased."""
    return user.pseudonym if campaign.pseudonymous or not user.is_active else user.username
