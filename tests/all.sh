#!/usr/bin/env bash
# Runs every test (`fast`: without browsers and attacks), goes on after a failure, and says at the end what passed and what did not.
set -uo pipefail
cd "$(dirname "$0")/.."
fast=${1:-}
summary=()
failed=0

step() { # step NAME COMMAND...
  local name=$1 began=$SECONDS result=ok
  shift
  printf '\n=== %s\n' "$name"
  "$@" || { result=FAILED; failed=1; }
  summary+=("$(printf '%-28s %-7s %4d s' "$name" "$result" $((SECONDS - began)))")
}

in_folder() { # in_folder DIR COMMAND...
  (cd "$1" && shift && "$@")
}

node_packages() {
  in_folder "$1" npm ci --silent
}

step 'tools' bash tests/tools.sh
((failed)) && { echo 'The tools above are missing: nothing was tested.' >&2; exit 1; }
step 'format' cargo fmt --check
step 'lints' cargo clippy --locked --all-targets -- -D warnings
step 'dependencies' bash tests/deny.sh
step 'Rust tests' cargo test --locked
step 'front end: packages' node_packages tests/js
step 'front end: types and units' in_folder tests/js npm test
if [[ $fast != fast ]]; then
  step 'binary' cargo build --locked
  step 'security' bash tests/security.sh
  step 'browsers: packages' node_packages tests/browser
  step 'browsers' in_folder tests/browser npm test
fi

printf '\n=== summary\n'
printf '%s\n' "${summary[@]}"
((failed)) && { echo 'FAILED'; exit 1; }
if [[ $fast == fast ]]; then echo 'All passed (browsers not run: make test runs them).'; else echo 'All passed.'; fi
