#!/usr/bin/env bash
# venv.sh FOLDER REQUIREMENTS: a Python environment with what the file names, made again when the file has changed.
set -euo pipefail
folder=$1 requirements=$2
wanted=$(sha256sum "$requirements")
[[ "$(cat "$folder/installed" 2>/dev/null || true)" != "$wanted" ]] || exit 0
echo "Installing what $requirements names into $folder"
python3 -m venv --clear "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
echo "$wanted" >"$folder/installed"
