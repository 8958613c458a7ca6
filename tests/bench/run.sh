#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh BUILD [NAME...]: runs the benchmarks of a build, or those named, one
# after the other; their JSON lines go to stdout. TMPDIR says on which disk.
set -eu

build=${1:?which build?}
shift
reachoutd=$build/daemon/reachoutd
names=(stages store deliver latency fanout connections restart circle)
[ $# -eq 0 ] || names=("$@")

failed=0
for name in "${names[@]}"; do
    program=$build/tests/bench/bench-$name
    if [ ! -x "$program" ]; then
        printf 'no benchmark named %s\n' "$name" >&2
        exit 64
    fi
    arguments=("$reachoutd")
    case $name in
    stages | store) arguments=() ;;
    circle) arguments=("$reachoutd" "$build/client/cli/reachout") ;;
    esac
    timeout 600 "$program" "${arguments[@]}" || failed=1
done
printf '%s s\n' "$SECONDS" >&2
exit $failed
