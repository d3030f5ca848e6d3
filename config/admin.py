"""Keeps allauth's tables out of Django's admin. This app is after theirs, so its admin is loaded after theirs.

A row of them signs somebody in: a provider's account, a passkey, an app's key. They are changed by actions alone, which
ask for a proof, end sessions and write events.
"""

from django.apps import apps
from django.contrib import admin

SIGN_IN_APPS = ("account", "socialaccount", "mfa")

for label in SIGN_IN_APPS:
    for model in apps.get_app_config(label).get_models():
        if admin.site.is_registered(model):
            admin.site.unregister(model)
