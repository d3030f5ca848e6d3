#!/usr/bin/env bash
# Prints the lock: what is installed, without build tags (+cpu) that only some machines' builds have.
# Usage: scripts/lock.sh PYTHON
set -euo pipefail
echo "# Every package of an installation, direct or not, as it was tested. Made by \`make lock\`; constraints for \`make install\`."
{
    "$1" -m pip freeze --disable-pip-version-check | sed -E 's/^([A-Za-z0-9._-]+==[A-Za-z0-9.]+)\+.*/\1/'
    echo "async-timeout==5.0.1" # redis asks for it on Python 3.11.0 to 3.11.2 only
} | LC_ALL=C sort --ignore-case --unique
