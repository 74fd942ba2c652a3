#!/usr/bin/env bash
# The lowest versions that are promised: Cargo.toml and README name the same Rust, and what runs here is not older.
set -euo pipefail
cd "$(dirname "$0")/.."

promised=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
grep -q "Rust $promised or newer" README.md || {
  echo "Cargo.toml says rust-version = \"$promised\"; README.md does not say \"Rust $promised or newer\"." >&2
  exit 1
}

check() { # check WHAT LOWEST VERSION
  [[ -n $3 && $(printf '%s\n' "$2" "$3" | sort --version-sort | head -n 1) == "$2" ]] || {
    echo "The tests need $1 $2 or newer; this is ${3:-missing}." >&2
    exit 1
  }
  echo "$1 $3 (lowest: $2)"
}
# rustc 1.95.0 (59807616e 2026-04-14)
check Rust "$promised" "$(rustc --version | cut -d ' ' -f 2)"
# Debian 12's own.
check Node.js 18.20 "$(node -p process.versions.node)"
check npm 9.2 "$(npm --version)"
check Python 3.11 "$(python3 -c 'import platform; print(platform.python_version())')"
for part in fmt clippy; do
  cargo "$part" --version >/dev/null || {
    echo "The tests need cargo $part: rustup component add rustfmt clippy" >&2
    exit 1
  }
done
