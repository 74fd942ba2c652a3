#!/usr/bin/env bash
# Fuzzes what strangers can reach: fuzz.sh SECONDS_EACH [TARGET...]. Findings stay in tests/fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
targets=("$@")
((${#targets[@]})) || targets=(stun media framing machine)
command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --version 0.13.2 --locked
# cargo-fuzz asks for flags that stable compilers have but do not offer.
export RUSTC_BOOTSTRAP=1
for target in "${targets[@]}"; do
  echo "=== $target, $seconds s"
  cargo fuzz run --fuzz-dir tests/fuzz "$target" -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096
done
