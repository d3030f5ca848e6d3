"""Entry point of ``python -m training.engine``."""

import sys

from training.engine.cli import main
from training.engine.events import close_stdout

if __name__ == "__main__":
    status = main()
    close_stdout()
    sys.exit(status)
