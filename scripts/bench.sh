#!/usr/bin/env bash
# Runs the benchmarks: benchmarks/NAME.py, each its own program with --help. Usage: scripts/bench.sh PYTHON [NAME ...]
set -euo pipefail
python=$1
shift
programs=(benchmarks/[!_]*.py)
if [ $# -gt 0 ]; then programs=("${@/#/benchmarks/}"); programs=("${programs[@]/%/.py}"); fi
for program in "${programs[@]}"; do
    [ -f "$program" ] || { echo "There is no $program. Benchmarks: $(basename -s .py -a benchmarks/[!_]*.py | xargs)" >&2; exit 2; }
    echo "== $program"
    "$python" -m "$(echo "${program%.py}" | tr / .)"
done
