"""Events as pages show them."""

from django import template

from labeling.web.event_labels import event_label

register = template.Library()
register.filter("event_label", event_label)
