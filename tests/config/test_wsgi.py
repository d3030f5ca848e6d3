"""The web server loads all code before its first request."""

import json
import os
import subprocess
import sys

from config.embedded.var import PROJECT_DIR

FIRST_REQUEST = """
import json, sys
from wsgiref.util import setup_testing_defaults
import config.wsgi

def ours():
    return {name for name in sys.modules if name.split(".")[0] in ("config", "labeling", "training")}

before, status = ours(), []
request = {"PATH_INFO": "/login/", "HTTP_HOST": "localhost"}
setup_testing_defaults(request)
config.wsgi.application(request, lambda line, headers: status.append(line))
print(json.dumps({"status": status, "loaded": sorted(before), "late": sorted(ours() - before)}))
"""


def test_the_first_visitor_does_not_wait_for_code_to_be_loaded() -> None:
    """Loading took 16 seconds on a busy machine, for the first visitor of each web process."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings_for_tests", "PYTHONPATH": str(PROJECT_DIR)}
    command = [sys.executable, "-c", FIRST_REQUEST]
    result = subprocess.run(command, cwd=PROJECT_DIR, env=environment, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout.splitlines()[-1])
    assert report["status"] == ["200 OK"]
    assert {"config.urls", "labeling.web.urls", "training.web.urls", "training.api.urls"} <= set(report["loaded"])
    assert report["late"] == []


def test_a_web_process_loads_no_torch() -> None:
    code = (
        "import sys, config.wsgi, config.urls;"
        "print([name for name in ('torch', 'transformers', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
