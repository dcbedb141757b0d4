#!/bin/sh
# The whole flow by hand, a step after the other: what the DAG files share out among agents.
set -e
cd "$(dirname "$0")"
run="by_hand/$(date -u +%Y%m%dT%H%M%S)"

for step in build_dataset extract_features train predict; do
    echo "---- $step ----"
    "${PYTHON:-python3}" "$step.py" --run "$run"
done
echo "Sorted pictures: ${FOOD_DATA:-$PWD/data}/$run/results/predict_unknown.txt"
