#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The story of the contract, run as written there, and what it must have said.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR="$work/tmp"
mkdir -p "$TMPDIR" "$work/from"
cp "$RO_SOURCE_ROOT/config/circle.conf" "$work/from/"
cp "$RO_SOURCE_ROOT/tests/data/medway.csv" "$RO_SOURCE_ROOT/tests/data/cast.csv" "$work/from/"

n=0
failed=0
point() { # point DESCRIPTION COMMAND...
  n=$((n + 1))
  what=$1
  shift
  if "$@" >"$work/point" 2>&1; then
    echo "ok $n - $what"
  else
    echo "not ok $n - $what"
    sed 's/^/# /' "$work/point"
    failed=1
  fi
}

(cd "$work/from" && sh "$RO_SOURCE_ROOT/tests/e2e/story.sh") \
  >"$work/out" 2>"$work/err"
rc=$?
point "the script ends 0" test "$rc" = 0
[ "$rc" = 0 ] || { tail -20 "$work/err"; tail -5 "$work/out"; } | sed 's/^/# /'

# Every command with --json printed exactly one JSON document, on one line; the
# one line of talk on stdout is reachoutd's, which was not asked for JSON.
docs() { grep '^{' "$work/out" | jq -s "$@"; }
check() { # check DESCRIPTION JQ-FILTER: true of the list of all documents
  point "$1" docs -e "$2"
}
check "stdout is JSON documents, each of schema 1" \
  'length > 30 and all(.[]; .schema == 1)'
check "114 and 20 schools were accepted, none held" \
  '[.[] | select(has("accepted")) | [.accepted, (.held | length)]] == [[114, 0], [20, 0]]'
check "four joins asked, each with words to compare" \
  '[.[] | select(.state == "requested" and (.words | length) == 5)] | length == 4'
check "the authority saw four requests, with the same words" \
  '([.[] | select(.state == "requested") | .words] | sort) == ([.[] | select(has("requests") and (.requests[0] | has("words"))) | .requests[].words] | sort)'
check "all four were admitted" \
  '[.[] | select(has("admitted")) | .admitted | length] == [4]'
check "the answers were two, one of them to come Thursday" \
  '[.[] | select(has("answers")) | .answers] | .[0] | (length == 2 and any(.[]; .text == "Come Thurs 1.15."))'
check "accepting introduced the two" \
  'any(.[]; .state == "introduced")'
check "who was not chosen got a kind word" \
  'any(.[]; has("threads") and any(.threads[]; .state == "not-chosen") and any(.events[]; .type == "not-chosen" and (.text | length) > 10))'
check "what was said to a school that was off arrived" \
  'any(.[]; has("messages") and any(.messages[]; .text == "Thursday it is."))'
check "what was said while the broker was down was kept, then arrived" \
  'any(.[]; .state == "kept-here") and any(.[]; has("messages") and any(.messages[]; .text == "Park at the back."))'
check "the helper saw it closed as helped" \
  'last | (.state == "closed" and .outcome == "helped")'
check "fields that are not computed yet are null, not empty" \
  'any(.[]; has("threads") and has("next") and .next == null)'
echo "1..$n"
exit $failed
