#!/usr/bin/env bash
# Licences, sources and unwanted crates (deny.toml); known vulnerabilities too where ADVISORY_DB names a clone of the
# RustSec advisory database. Nothing is fetched but cargo-deny itself, once, into target/tools; unoptimised, because it
# is built for minutes and runs for a second.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.20.2
tools=target/tools
deny=$tools/bin/cargo-deny
if [[ "$("$deny" --version 2>/dev/null || true)" != "cargo-deny $version" ]]; then
  echo "Installing cargo-deny $version into $tools"
  cargo install --locked --quiet --debug cargo-deny --version "$version" --root "$tools" --target-dir "$tools/build"
  rm -rf "$tools/build"
fi
cargo fetch --locked --quiet
"$deny" --offline --locked check --hide-inclusion-graph licenses bans sources
if [[ -n ${ADVISORY_DB:-} ]]; then
  # cargo-deny wants an address to clone from; git is told that this one, which nobody has, is the copy at hand.
  with_database=$tools/deny-advisories.toml
  sed '/^\[advisories\]$/a db-path = "'"$PWD/$tools/advisory-dbs"'"\ndb-urls = ["https://advisories.invalid/db"]\ngit-fetch-with-cli = true' deny.toml >"$with_database"
  GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$(realpath "$ADVISORY_DB").insteadOf" GIT_CONFIG_VALUE_0=https://advisories.invalid/db \
    "$deny" --locked --config "$with_database" check --hide-inclusion-graph advisories
else
  echo 'advisories not checked: ADVISORY_DB names no copy of the advisory database'
fi
