"""The service worker of the annotator's page. Its address is above the pages it may look after, as browsers want it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

WORKER = settings.BASE_DIR / "frontend" / "worker" / "offline.js"


@require_safe
def offline_worker(request: HttpRequest) -> HttpResponse:
    """The script as it is; browsers ask for it again whenever they come by."""
    return HttpResponse(WORKER.read_bytes(), content_type="text/javascript", headers={"Cache-Control": "no-cache"})
