#!/usr/bin/env bash
# Whether tests may make machines that lack something, in namespaces of their own: a network without IPv6, a disk that is full.
set -euo pipefail
folder=$(mktemp -d)
trap 'rmdir "$folder"' EXIT
as=(--propagation unchanged)
((EUID == 0)) || as=(--user --map-root-user)
unshare "${as[@]}" --net --mount sh -ec '
  ip link set lo up
  echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
  mount -t tmpfs -o size=1m probe "$0"
  umount "$0"' "$folder"
