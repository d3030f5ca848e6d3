"""JSON over HTTP to one server: connections are kept, temporary failures are retried, every error is a sentence.

Not the `openai` client: it takes 2.1 ms of processor time for a request, this one 0.4, and the same processor has to
write a thousand completions a second.
"""

import math
from collections.abc import Sequence
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError, ReadTimeoutError

CONNECT_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 30  # between two tries, whatever the server asks for
RETRIED_STATUSES = (408, 409, 425, 429, 500, 502, 503, 504)


class Unreachable(Exception):
    """No connection, or it broke off."""


class TooSlow(Exception):
    """No answer within the time limit."""


class NotJson(Exception):
    """An answer that is not a JSON object."""


class Refusal(Exception):
    """An error status. The message is a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class HttpServer:
    """One server by its address, which ends in /v1 as the server's maker gives it."""

    def __init__(
        self, base_url: str, *, api_key: str = "", timeout: float = 300.0, retries: int = 4, connections: int = 32
    ) -> None:
        """timeout: seconds for one answer. retries: of a request that the server cannot answer just now."""
        self.address = base_url.rstrip("/")
        self.root = self.address.removesuffix("/v1")
        self.timeout = timeout
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        # A failed connection is left to the caller, who may have another server.
        again = urllib3.Retry(
            total=retries,
            connect=0,
            read=0,
            redirect=0,
            status=retries,
            other=0,
            allowed_methods=None,
            status_forcelist=RETRIED_STATUSES,
            backoff_factor=0.5,
            backoff_jitter=0.25,
            backoff_max=LONGEST_PAUSE_SECONDS,
            retry_after_max=LONGEST_PAUSE_SECONDS,
            raise_on_status=False,
            raise_on_redirect=False,
        )
        limit = urllib3.Timeout(connect=CONNECT_SECONDS, read=timeout)
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=connections, retries=again, timeout=limit)

    def get(self, path: str, *, timeout: float | None = None) -> dict[str, Any]:
        """The JSON object at a path (or whole address). Raises Unreachable, TooSlow, NotJson, Refusal."""
        return self._json("GET", path, None, timeout)

    def post(self, path: str, body: dict[str, Any], *, timeout: float | None = None) -> dict[str, Any]:
        """The JSON object that answers a JSON object sent to a path. Raises Unreachable, TooSlow, NotJson, Refusal."""
        return self._json("POST", path, body, timeout)

    def send(self, path: str, body: dict[str, Any] | None = None, *, timeout: float | None = None) -> None:
        """Posts to a path and ignores the answer's body. Raises Unreachable, TooSlow, Refusal."""
        self._request("POST", path, body, timeout)

    def _json(self, method: str, path: str, body: dict[str, Any] | None, timeout: float | None) -> dict[str, Any]:
        answer = self._request(method, path, body, timeout)
        try:
            values = answer.json()
        except ValueError as error:
            raise NotJson(f"not JSON: {answer.data[:80]!r}") from error
        if not isinstance(values, dict):
            raise NotJson(f"not a JSON object: {answer.data[:80]!r}")
        return values

    def _request(
        self, method: str, path: str, body: dict[str, Any] | None, timeout: float | None
    ) -> urllib3.BaseHTTPResponse:
        address = path if "://" in path else f"{self.address}{path}"
        options: dict[str, Any] = {"headers": self._headers}
        if timeout is not None:
            options |= {"timeout": urllib3.Timeout(connect=min(CONNECT_SECONDS, timeout), read=timeout)}
            options |= {"retries": False}
        if body is not None:
            options["json"] = body
        try:
            answer = self._pool.request(method, address, **options)
        except (MaxRetryError, HTTPError) as error:
            cause = error.reason if isinstance(error, MaxRetryError) and error.reason else error
            if isinstance(cause, ReadTimeoutError):
                raise TooSlow(str(cause)) from error
            raise Unreachable(f"{type(cause).__name__}: {str(cause)[:200]}") from error
        if answer.status >= 300:
            raise Refusal(answer.status, self._sentence(answer))
        return answer

    def _sentence(self, answer: urllib3.BaseHTTPResponse) -> str:
        status, detail = answer.status, _detail(answer)
        if status in (401, 403):
            return f"The server at {self.address} refuses our key. Set GENERATOR_API_KEY, or JUDGE_API_KEY for a judge."
        if status == 429:
            return "The server is overloaded (429), also after several tries. Try again later, or with fewer requests."
        if status >= 500:
            return f"The server failed ({status}), also after several tries{detail}. Look at its log."
        return f"The server refused the request ({status}){detail}."


def _detail(answer: urllib3.BaseHTTPResponse) -> str:
    """The server's own message after a colon, cut to a length that a page can show; empty if it has none."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    error = body.get("error", body) if isinstance(body, dict) else None
    words = error.get("message") or error.get("detail") if isinstance(error, dict) else error
    said = "".join(character for character in " ".join(str(words).split()) if character.isprintable())
    return f": {said[:300].rstrip('.')}" if words else ""


def finite_sum(values: Sequence[Any]) -> float:
    """The sum of numbers in an answer. Raises ValueError where an item is not a finite number."""
    # The types as a set and one check of the sum: checking every value would take most of the time to read an answer.
    try:
        total = math.nan if set(map(type, values)) - {int, float} else float(sum(values))
    except OverflowError:
        total = math.inf
    if not math.isfinite(total):
        raise ValueError("log-probabilities that are not finite numbers")
    return total
