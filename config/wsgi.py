"""The WSGI application."""

import os

from django.core.wsgi import get_wsgi_application
from django.template import Engine
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# Load the code of all pages before the first request. Otherwise the first visitor waits for it, on a machine that is
# busy starting the workers for a quarter of a minute.
_ = get_resolver().url_patterns, Engine.get_default().template_context_processors
