#!/usr/bin/env bash
# Runs every test, goes on after a failure, and says at the end what passed, what did not, and what took how long.
#   all.sh          everything
#   all.sh fast     without the examples, the attacks and the browsers
#   all.sh check    what needs no test run: versions, format, lints, documentation, dependencies, the front end's types and units
set -uo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}
names=()
abouts=()
commands=()
summary=()
left_out=
failed=0

plan() { # plan NAME MINUTES COMMAND...: how long it takes on two cores, the first time; 0 is less than one
  names+=("$1")
  abouts+=("$2")
  shift 2
  commands+=("$(printf '%q ' "$@")")
}

in_folder() { # in_folder DIR COMMAND...
  (cd "$1" && shift && "$@")
}

node_packages() {
  in_folder "$1" npm ci --silent
}

rust_tests() {
  local why
  why=$(bash tests/namespaces.sh 2>&1) || {
    export CALLQR_TESTS_WITHOUT_NAMESPACES=1
    left_out="Not run: five tests of tests/cli/machine.rs, since namespaces are not allowed here ($why)."
    echo "$left_out"
  }
  # Twice as many at once as there are processors: about half of their time is somebody's deadline that they wait for.
  RUST_TEST_THREADS=$((2 * $(nproc))) cargo test --locked
}

elapsed() { # elapsed SECONDS
  printf '%d:%02d min' $(($1 / 60)) $(($1 % 60))
}

run() { # run NUMBER
  local name=${names[$1]} began=$SECONDS result=ok about="about ${abouts[$1]} min"
  [[ ${abouts[$1]} != 0 ]] || about='less than a minute'
  printf '\n=== step %d of %d: %s (%s), after %s\n' $(($1 + 1)) ${#names[@]} "$name" "$about" "$(elapsed $SECONDS)"
  eval "${commands[$1]}" || { result=FAILED; failed=1; }
  summary+=("$(printf '%-28s %-7s %5d s' "$name" "$result" $((SECONDS - began)))")
}

if [[ $what == check ]]; then
  plan 'tools' 1 bash tests/tools.sh check
else
  plan 'tools' 3 bash tests/tools.sh
fi
plan 'lowest versions' 0 bash tests/versions.sh
plan 'format' 0 cargo fmt --check
plan 'lints' 3 cargo clippy --locked --all-targets -- -D warnings
plan 'documentation' 1 env RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps
plan 'dependencies' 1 bash tests/deny.sh
plan 'front end: packages' 0 node_packages tests/js
plan 'front end: types and units' 1 in_folder tests/js npm test
if [[ $what != check ]]; then
  plan 'Rust tests' 6 rust_tests
  plan 'Rust tests, alone' 1 cargo test --locked --test soak -- --test-threads 1
fi
if [[ $what == all ]]; then
  # With the tests, so that it is the very binary that they built: alone, the dependencies would be built with other features, once more.
  plan 'binary' 0 cargo build --locked --bins --tests
  plan 'examples' 2 bash tests/examples.sh
  plan 'security' 3 bash tests/security.sh
  plan 'browsers: packages' 0 node_packages tests/browser
  plan 'browsers' 26 in_folder tests/browser npm test
fi

for number in "${!names[@]}"; do
  run "$number"
  ((number > 0 || !failed)) || { echo 'The tools above are missing: nothing was tested.' >&2; exit 1; }
done

printf '\n=== summary, after %s\n' "$(elapsed $SECONDS)"
printf '%s\n' "${summary[@]}"
[[ -z $left_out ]] || echo "$left_out"
((failed)) && { echo 'FAILED'; exit 1; }
case $what in
  all) echo 'All passed.' ;;
  fast) echo 'All passed (examples, attacks and browsers not run: make test runs them).' ;;
  check) echo 'All passed (nothing was run but the front end'"'"'s units: make test runs the rest).' ;;
esac
