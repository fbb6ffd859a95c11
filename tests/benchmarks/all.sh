#!/usr/bin/env bash
# Measures execution, grading and aggregation beside other tools, and prints the tables for README.md; the progress goes
# to stderr. It wants 2 quiet cores and Python with the extras bench and grade: PYTHON, or the environment's own.
set -uo pipefail
here=$(dirname "$0") python=${PYTHON:-python} failed=0

measure() {
    echo "$(date +%T) $*" >&2
    "$python" "$here/$1" "${@:2}" || failed=1 # the others are measured all the same
}

echo "At $(git -C "$here" rev-parse --short HEAD), $(date +%F):"
measure aggregation.py --repeat 3
measure execution.py run --repeat 1
measure execution.py encoding --repeat 2
measure grading.py
echo "$(date +%T) done" >&2
exit $failed
