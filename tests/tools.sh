#!/usr/bin/env bash
# Installs by apt what the tests use and this machine lacks. Does nothing, quickly, when all is there. `tools.sh check`: only
# what `make check` uses. Other arguments are further commands that are needed, where the package has the same name.
set -euo pipefail

# Rust comes by rustup: Debian's is too old.
for command in cargo rustc; do
  command -v "$command" >/dev/null || {
    echo "The tests need Rust, with $command: see https://rustup.rs" >&2
    exit 1
  }
done

# command:package
wanted=(
  cc:gcc
  git:git
  node:nodejs
  npm:npm
  python3:python3
)
if [[ ${1:-} == check ]]; then
  shift
else
  wanted+=(
    openssl:openssl
    kill:procps
    chromium:chromium
    firefox-esr:firefox-esr
    certutil:libnss3-tools
    pulseaudio:pulseaudio
    pactl:pulseaudio-utils
    turnutils_uclient:coturn
    haproxy:haproxy
    nginx:libnginx-mod-stream
    zbarimg:zbar-tools
    faketime:faketime
    sqlite3:sqlite3
    gcore:gdb
    ip:iproute2
    unshare:util-linux
  )
fi
for command in "$@"; do wanted+=("$command:$command"); done

missing=()
for pair in "${wanted[@]}"; do
  # Not what the shell has built in: programs call it, too.
  type -P "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
[[ " ${wanted[*]} " != *' chromium:'* ]] || python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)

if ((${#missing[@]})); then
  # Some packages would start a server at once; the tests only use their programs.
  install="apt-get install -y --no-install-recommends ${missing[*]}"
  if ! command -v apt-get >/dev/null; then
    echo "The tests need: ${missing[*]} (Debian's names). Install them and run this again." >&2
    exit 1
  elif ((EUID == 0)); then
    as_root=()
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    echo "The tests need packages that are missing here. Install them as root and run this again:" >&2
    echo "    $install" >&2
    exit 1
  fi
  apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 "$@"; }
  echo "Installing ${missing[*]}"
  # An apt run can die midway and leave packages half configured: repair once, then try again.
  if ! { apt apt-get update -q && apt $install; }; then
    apt dpkg --configure -a
    apt apt-get install -y -f
    apt apt-get update -q
    apt $install
  fi
fi

for pair in "${wanted[@]}"; do
  type -P "${pair%%:*}" >/dev/null || {
    echo "${pair%%:*} is still missing after installing ${pair##*:}." >&2
    exit 1
  }
done
