"""Events as pages show them."""

from functools import cache

from django import template
from django.apps import apps

from labeling.events.labels import label_of

register = template.Library()


@register.filter
def event_label(verb: str) -> str:
    """A verb of the event log in words."""
    return label_of(verb)


@register.filter
def subject_label(subject_type: str) -> str:
    """The kind of thing that an event is about, in words."""
    return _names().get(subject_type, subject_type)


@cache
def _names() -> dict[str, str]:
    return {model._meta.model_name or "": str(model._meta.verbose_name) for model in apps.get_models()}
