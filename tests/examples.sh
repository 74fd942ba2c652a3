#!/usr/bin/env bash
# Runs the programs of examples/ against the debug build. Installs what they need: by npm, and by pip into
# target/tools/examples.
set -euo pipefail
cd "$(dirname "$0")/.."

bash tests/venv.sh target/tools/examples examples/python/requirements.txt
(cd examples/node && npm ci --silent)

exec node --import ./tests/js/node-18.js --test --test-reporter=spec tests/examples/examples.test.js
