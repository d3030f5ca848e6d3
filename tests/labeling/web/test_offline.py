"""The service worker is served above the pages it controls, and browsers check it at every visit."""

from labeling.web.offline import WORKER
from tests.clients import Visiting


def test_the_worker_is_the_script_itself_and_is_never_cached(visiting: Visiting) -> None:
    answer = visiting(None).get("/campaigns/offline.js")
    assert answer.content == WORKER.read_bytes()
    assert answer.headers["Content-Type"] == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
