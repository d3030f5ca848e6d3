"""People who label over the API: each sends a judgment until it is answered, with the same key."""

import http.client
import json
import random
import threading
import time
from typing import Any
from uuid import uuid4

SECONDS_EACH = 0.7
"""Between two judgments. The machine has to train and to generate as well."""

TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504, 507}


class Client(threading.Thread):
    """One of them. answered: when each judgment was acknowledged; acknowledged: its choice, by key."""

    def __init__(self, port: int, token: str, slug: str, seed: int) -> None:
        super().__init__(daemon=True)
        self.port, self.token, self.slug, self.chance = port, token, slug, random.Random(seed)
        self.acknowledged: dict[str, str] = {}
        self.answered: list[float] = []
        self.idle_at = 0.0
        self.server_errors = 0
        self.surprises: list[str] = []
        self.cut = False
        self.over = threading.Event()
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Until `over` is set. Then the judgment on its way is still brought to its end."""
        assignment: dict[str, Any] | None = None
        while not self.over.is_set():
            if assignment is None:
                status, answer = self._until_answered(f"/api/v1/campaigns/{self.slug}/assignments/next/", {})
                assignment = answer.get("assignment") if status == 200 else None
                if assignment is None:
                    self._note(status, answer, {200, 204})
                    self.idle_at = time.monotonic()
                    time.sleep(SECONDS_EACH)
                    continue
            assignment = self._judge(assignment)
            time.sleep(SECONDS_EACH * self.chance.uniform(0.5, 1.5))

    def is_well_since(self, moment: float) -> bool:
        """Whether a judgment was acknowledged, or nothing was left to judge, after a moment."""
        return max([self.idle_at, *self.answered[-1:]]) > moment

    def _judge(self, assignment: dict[str, Any]) -> dict[str, Any] | None:
        key, choice = uuid4().hex, self.chance.choice(["left", "right", "tie"])
        body = {"choice": choice, "seconds": 3.0, "key": key}
        status, answer = self._until_answered(f"/api/v1/assignments/{assignment['id']}/judgment/", body)
        if status in (200, 201):
            self.acknowledged[key] = choice
            self.answered.append(time.monotonic())
            following: dict[str, Any] | None = answer.get("next")
            return following
        self._note(status, answer, {404, 409, 410})  # the lease ran out while the platform was away
        return None

    def _note(self, status: int, answer: dict[str, Any], expected: set[int]) -> None:
        if status not in expected:
            self.surprises.append(f"{status} {json.dumps(answer)[:200]}")

    def _until_answered(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        while True:
            try:
                status, answer = self._call(path, body)
            except (OSError, http.client.HTTPException, ValueError):
                self._close()
            else:
                self.server_errors += status == 500
                if status not in TRY_AGAIN:
                    return status, answer
            time.sleep(self.chance.uniform(0.2, 0.6))

    def _call(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self._connection.request("POST", path, json.dumps(body), headers)
        if self.cut:
            self.cut = False
            raise OSError("the connection was cut before the answer")
        response = self._connection.getresponse()
        content = response.read()
        return response.status, json.loads(content) if content else {}

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
