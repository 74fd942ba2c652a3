#!/usr/bin/env bash
# Runs the programs of examples/ against the debug build. Installs what they need: by npm, and by pip into
# target/tools/examples.
set -euo pipefail
cd "$(dirname "$0")/.."

python=target/tools/examples
wanted=$(sha256sum examples/python/requirements.txt)
if [[ "$(cat $python/installed 2>/dev/null || true)" != "$wanted" ]]; then
  echo "Installing what examples/python/requirements.txt names into $python"
  python3 -m venv --clear $python
  $python/bin/pip install --quiet --disable-pip-version-check -r examples/python/requirements.txt
  echo "$wanted" >$python/installed
fi
(cd examples/node && npm ci --silent)

exec node --import ./tests/js/node-18.js --test --test-reporter=spec tests/examples/examples.test.js
