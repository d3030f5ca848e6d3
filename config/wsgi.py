"""The WSGI application that the web server serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.template import Engine
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# All pages' code is loaded before this process is given a request: else who comes first waits for it, on a machine that
# is busy starting the workers for a quarter of a minute.
_ = get_resolver().url_patterns, Engine.get_default().template_context_processors
