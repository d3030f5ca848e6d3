"""Stops and starts one program of a running platform: `python -m config.platform.control stop vllm`.

Finds the process manager through var/ (or CHOSEN_VAR). Stopping a stopped program or starting a running one is no
error.
"""

import argparse
import configparser
import sys
import xmlrpc.client

from supervisor.xmlrpc import Faults, SupervisorTransport

from config.embedded import VarDirectory
from config.platform.supervisor import APPLICATION

ALREADY_DONE = {"stop": (Faults.NOT_RUNNING,), "start": (Faults.ALREADY_STARTED,)}


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code (1 with a sentence on stderr)."""
    parser = argparse.ArgumentParser(prog="python -m config.platform.control", description=__doc__)
    parser.add_argument("act", choices=sorted(ALREADY_DONE))
    parser.add_argument("program")
    options = parser.parse_args(arguments)
    path = VarDirectory.from_environment().runtime / "supervisord.conf"
    manager = configparser.RawConfigParser(strict=False)
    try:
        manager.read_string(path.read_text(encoding="utf-8"))
        socket = manager["unix_http_server"]["file"].replace("%%", "%")
        transport = SupervisorTransport(serverurl=f"unix://{socket}")
        supervisor = xmlrpc.client.ServerProxy("http://localhost", transport=transport).supervisor
        name = f"{APPLICATION}:{options.program}"
        if options.act == "stop":
            supervisor.stopProcess(name, True)
        else:
            supervisor.startProcess(name, False)
    except xmlrpc.client.Fault as fault:
        if fault.faultCode not in ALREADY_DONE[options.act]:
            print(f"Could not {options.act} {options.program}: {fault.faultString}", file=sys.stderr)
            return 1
    except (OSError, KeyError, xmlrpc.client.Error) as error:
        print(f"No platform is running from {path.parent.parent}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
