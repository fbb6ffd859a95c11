#!/usr/bin/env bash
# Measures execution, grading and aggregation beside other tools, and prints the tables for README.md; the progress goes
# to stderr. It wants 2 quiet cores and Python with the extras bench and grade: PYTHON, or the environment's own.
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python}
echo "At $(git rev-parse --short HEAD), $(date +%F):"
"$python" aggregation.py                          # 4 minutes
"$python" execution.py run encoding --repeat 3    # 8 minutes
"$python" grading.py --students 16 --growth       # 13 minutes
