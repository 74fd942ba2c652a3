#!/usr/bin/env bash
# Licences, sources and unwanted crates (deny.toml). Where ADVISORY_DB names a clone of the RustSec advisory database, also
# known vulnerabilities, and then by cargo-deny itself: it is fetched once, into target/tools, and built for minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo fetch --locked --quiet
python3 tests/dependencies.py
if [[ -z ${ADVISORY_DB:-} ]]; then
  echo 'advisories not checked: ADVISORY_DB names no copy of the advisory database'
  exit 0
fi
version=0.20.2
tools=target/tools
deny=$tools/bin/cargo-deny
if [[ "$("$deny" --version 2>/dev/null || true)" != "cargo-deny $version" ]]; then
  echo "Installing cargo-deny $version into $tools"
  # Unoptimised: it runs for a second.
  cargo install --locked --quiet --debug cargo-deny --version "$version" --root "$tools" --target-dir "$tools/build"
  rm -rf "$tools/build"
fi
"$deny" --offline --locked check --hide-inclusion-graph licenses bans sources
# cargo-deny wants an address to clone from; git is told that this one, which nobody has, is the copy at hand.
with_database=$tools/deny-advisories.toml
sed '/^\[advisories\]$/a db-path = "'"$PWD/$tools/advisory-dbs"'"\ndb-urls = ["https://advisories.invalid/db"]\ngit-fetch-with-cli = true' deny.toml >"$with_database"
GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$(realpath "$ADVISORY_DB").insteadOf" GIT_CONFIG_VALUE_0=https://advisories.invalid/db \
  "$deny" --locked --config "$with_database" check --hide-inclusion-graph advisories
