"""The names of annotators, as leads see them."""

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from labeling.models import Campaign
from labeling.queries.names import BEFORE_PSEUDONYM, name_for_leads

register = template.Library()
register.filter("name_for_leads", name_for_leads)


@register.simple_tag
def annotator_name(name: str, campaign: Campaign, *, has_page: bool = True) -> SafeString:
    """The name as a link to the annotator's page. Without a page: the name alone."""
    address = name.rpartition(BEFORE_PSEUDONYM)[2]
    context = {"name": name, "address": address, "campaign": campaign, "has_page": has_page}
    return mark_safe(render_to_string("parts/annotator_name.html", context).strip())  # noqa: S308 - a template's output
