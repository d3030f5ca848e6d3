"""The loop beside the people who label: a run and a generation at any time, one after the other."""

import threading
import time
from contextlib import suppress
from typing import Any, LiteralString

from tests.chaos.many.world import World

RUN = {"epochs": 150, "pairs_per_step": 2, "dtype": "float32", "lora_rank": 2, "threads": 1}
PAIRS_PER_PROMPT = 20
PLACES: dict[str, LiteralString] = {
    "run": "SELECT coalesce(sum(done), 0), count(*), (SELECT coalesce(sum(done), 0) FROM training_evaluationjob), "
    "(SELECT count(*) FROM training_evaluationjob WHERE status = 'finished') FROM training_run",
    "generation": "SELECT coalesce(sum(done), 0), count(*) FROM training_generationjob",
}
ENDED = ("finished", "failed", "cancelled")


class Loop(threading.Thread):
    """Starts the next run, or the next generation, once one has ended. ended: their last states."""

    def __init__(self, world: World, kind: str) -> None:
        super().__init__(daemon=True)
        self.world, self.kind = world, kind
        self.address = ""
        self.ended: list[dict[str, Any]] = []
        self.trouble: list[str] = []
        self.over = threading.Event()

    def run(self) -> None:
        """Until `over` is set. Then the job on its way is still awaited by `finish`."""
        while not self.over.is_set():
            with suppress(TimeoutError):
                try:
                    self._start()
                except RuntimeError as error:
                    self.trouble.append(str(error))
                    time.sleep(5)
                    continue
                while not self.over.is_set() and not self._has_ended():
                    time.sleep(0.5)

    def finish(self, seconds: float) -> bool:
        """Whether the last job ends in time."""
        self.join(60)
        with suppress(TimeoutError):
            self.world.wait_until(self._has_ended, self.kind, seconds)
            return True
        return False

    def place(self) -> tuple[int, ...]:
        """How far the jobs of its queue are: something else once they go on. Raises psycopg.Error.

        A run may have to wait for the evaluation of the one before it.
        """
        with self.world.database() as connection:
            row = connection.execute(PLACES[self.kind]).fetchone()
        return tuple(int(value) for value in row or ())

    def _start(self) -> None:
        if self.kind == "run":
            body: dict[str, Any] = {"campaign": "trained", "parent": "tiny-base", "config": RUN}
            made = self.world.until_accepted("POST", "/api/v1/runs/", body)
            self.address = f"/api/v1/runs/{made['id']}/"
            return
        settings = {"max_tokens": 32, "temperature": 1.0}
        body = {"settings": settings, "pairs_per_prompt": PAIRS_PER_PROMPT, "versions": ["tiny-base"]}
        made = self.world.until_accepted("POST", "/api/v1/campaigns/written/generation/", body)
        self.address = f"/api/v1/generation/{made['id']}/"

    def _has_ended(self) -> bool:
        if not self.address:
            return True
        status, state = self.world.call("GET", self.address, seconds=10)
        if status != 200 or state["status"] not in ENDED:
            return False
        self.ended.append(state)
        self.address = ""
        return True
