"""Events as pages show them."""

from django import template

from labeling.web.event_labels import event_label
from labeling.web.origins import origin_in_words

register = template.Library()
register.filter("event_label", event_label)
register.filter("origin", origin_in_words)
