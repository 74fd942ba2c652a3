#!/usr/bin/env bash
# Installs the crate turn-server for `make bench-relay` to compare with: a program of its own in target/rivals, so that
# nothing of it is in our Cargo.lock. BENCH_TURN_SERVER names one that is already there.
set -uo pipefail
cd "$(dirname "$0")/../.."
[[ -n ${BENCH_TURN_SERVER:-} || -x target/rivals/bin/turn-server ]] && exit 0
cargo install --root target/rivals --target-dir target/rivals/target turn-server --version 4.1.5 --locked \
  --no-default-features --features udp,tcp,ssl ||
  echo 'turn-server cannot be installed here: it will be missing from the comparison.' >&2
