#!/usr/bin/env bash
# Runs the programs of examples/ against the debug build, and a client that is generated from the API's description.
# Installs what they need: by npm, and by pip into target/tools/examples and target/tools/clients.
set -euo pipefail
cd "$(dirname "$0")/.."

bash tests/venv.sh target/tools/examples examples/python/requirements.txt
bash tests/venv.sh target/tools/clients tests/examples/requirements.txt
(cd examples/node && npm ci --silent)
(cd tests/examples && npm ci --silent)

exec node --import ./tests/js/node-18.js --test --test-reporter=spec tests/examples/*.test.js
