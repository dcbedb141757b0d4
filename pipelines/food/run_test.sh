#!/bin/sh
# Whether the code does what it says, on a few small pictures; how good the model is, is not asked here.
cd "$(dirname "$0")" && exec "${PYTHON:-python3}" -m pytest -q -p no:cacheprovider tests "$@"
