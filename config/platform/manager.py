"""supervisord, as the platform runs it: no line of a log that a full disk refuses ends it, or the programs with it.

    python -m config.platform.manager --nodaemon --configuration FILE

Of its own, supervisord prints each failure to write a log to standard error, on the same disk, and dies of it.
"""

from typing import Any

from supervisor import loggers, supervisord


def lose_lines_quietly() -> None:
    """A line that cannot be written is lost; once there is room, the next one is written."""
    roll_over = loggers.RotatingFileHandler.doRollover

    def roll_over_if_possible(handler: Any) -> None:
        try:
            roll_over(handler)
        except (OSError, ValueError):  # no room for the next file, or its stream was closed by an earlier failure
            _open_again(handler)

    loggers.Handler.handleError = _open_again
    loggers.RotatingFileHandler.doRollover = roll_over_if_possible


def _open_again(handler: Any) -> None:
    """A stream that was closed between two files is opened again; one that holds a line that did not fit drops it."""
    if not isinstance(handler, loggers.FileHandler):
        return
    try:
        raw = getattr(handler.stream, "raw", None)
        if raw is not None and not raw.closed:
            raw.close()  # without the buffer: its line would be tried again with each later one
        handler.stream = open(handler.baseFilename, "ab")  # noqa: SIM115 - kept by the handler
        handler.closed = False
    except (OSError, ValueError):
        pass


if __name__ == "__main__":
    lose_lines_quietly()
    supervisord.main()
