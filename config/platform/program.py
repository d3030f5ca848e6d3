"""Becomes one program of the platform: `python -m config.platform.program web`.

For containers and other process managers. The environment must contain DATABASE_URL, BROKER_URL and SECRET_KEY; no
embedded service is started.
"""

import os
import sys

from config.platform.programs import Program, application_programs


def main(arguments: list[str]) -> int:
    """Replaces this process with the program; returns only if the name is unknown."""
    host, port = os.environ.get("HOST") or "127.0.0.1", int(os.environ.get("PORT") or "8000")
    programs: dict[str, Program] = {program.name: program for program in application_programs(host, port)}
    if len(arguments) != 1 or arguments[0] not in programs:
        print(f"Name one program: {', '.join(programs)}", file=sys.stderr)
        return 2
    program = programs[arguments[0]]
    return os.execve(program.command[0], program.command, {**os.environ, **program.environment})  # noqa: S606


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
