"""A client that logs in like a browser."""

import http.cookiejar
import json
import urllib.parse
import urllib.request
from typing import Any


class Browserlike:
    """The parts of a browser that logging in needs: cookies, redirects and the CSRF token."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    @property
    def cookies(self) -> dict[str, str]:
        """Cookies by name."""
        return {cookie.name: cookie.value or "" for cookie in self.jar}

    def submit(self, path: str, fields: dict[str, str]) -> str:
        """Opens a page and submits its form; returns the address of the response. Raises HTTPError."""
        self.opener.open(f"{self.address}{path}", timeout=60).read()
        form = {**fields, "csrfmiddlewaretoken": self.cookies.get("csrftoken", "")}
        data = urllib.parse.urlencode(form).encode()
        return str(self.opener.open(f"{self.address}{path}", data=data, timeout=60).geturl())

    def post_json(self, path: str, body: Any) -> tuple[int, Any]:
        """Status and parsed body (None if empty) of a request like those of the pages' scripts."""
        headers = {"Content-Type": "application/json", "X-CSRFToken": self.cookies.get("csrftoken", "")}
        request = urllib.request.Request(f"{self.address}{path}", data=json.dumps(body).encode(), headers=headers)
        with self.opener.open(request, timeout=60) as answer:
            content = answer.read()
        return answer.status, json.loads(content) if content else None
