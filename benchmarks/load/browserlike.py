"""A client that logs in as a browser does."""

import http.cookiejar
import json
import urllib.parse
import urllib.request
from typing import Any


class Browserlike:
    """Just enough of a browser to log in: cookies, redirects and the CSRF token."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    @property
    def cookies(self) -> dict[str, str]:
        """By name."""
        return {cookie.name: cookie.value or "" for cookie in self.jar}

    def submit(self, path: str, fields: dict[str, str]) -> str:
        """Opens a page and submits its form; returns the address it leads to. Raises HTTPError."""
        self.opener.open(f"{self.address}{path}", timeout=60).read()
        form = {**fields, "csrfmiddlewaretoken": self.cookies.get("csrftoken", "")}
        data = urllib.parse.urlencode(form).encode()
        return str(self.opener.open(f"{self.address}{path}", data=data, timeout=60).geturl())

    def post_json(self, path: str, body: Any) -> tuple[int, Any]:
        """Status and parsed answer (None if empty) of a request as the pages' scripts make it."""
        headers = {"Content-Type": "application/json", "X-CSRFToken": self.cookies.get("csrftoken", "")}
        request = urllib.request.Request(f"{self.address}{path}", data=json.dumps(body).encode(), headers=headers)
        with self.opener.open(request, timeout=60) as answer:
            content = answer.read()
        return answer.status, json.loads(content) if content else None
