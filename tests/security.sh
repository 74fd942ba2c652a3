#!/usr/bin/env bash
# Attacks the real binary with the tools that others would use: slowhttptest, testssl.sh, sslyze, schemathesis, and the
# cases of the Autobahn WebSocket suite. Installs what is missing: by apt, and into target/tools/python. Give a binary to
# test another one than the debug build, and names (websocket, api, transport, logins, slow) to run a part.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
command -v slowhttptest >/dev/null || missing+=(slowhttptest)
command -v testssl >/dev/null || missing+=(testssl.sh)
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
if ((${#missing[@]})); then
  echo "Installing ${missing[*]}"
  as_root=()
  ((EUID == 0)) || as_root=(sudo -n)
  install() {
    "${as_root[@]}" apt-get update -q &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
  }
  # An apt run can die midway and leave packages half configured: repair once, then try again.
  install || { "${as_root[@]}" dpkg --configure -a && "${as_root[@]}" apt-get install -y -f && install; } || {
    echo "The security tests need packages that are missing here. Install them as root and run this again:" >&2
    echo "    apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
  }
fi

python=target/tools/python
bash tests/venv.sh $python tests/security/requirements.txt

binary=target/debug/callqr
if [[ -x ${1:-} ]]; then
  binary=$1
  shift
else
  cargo build --locked --bins --tests
fi
export PYTHONDONTWRITEBYTECODE=1
exec $python/bin/python -u tests/security/run.py "$binary" "$@"
