"""The service worker of the annotator's page. Browsers let it control only pages below its own address."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

WORKER = settings.BASE_DIR / "frontend" / "worker" / "offline.js"


@require_safe
def offline_worker(request: HttpRequest) -> HttpResponse:
    """The script itself; browsers check for a new version at every visit."""
    return HttpResponse(WORKER.read_bytes(), content_type="text/javascript", headers={"Cache-Control": "no-cache"})
