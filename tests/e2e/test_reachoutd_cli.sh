#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# reachoutd's command line: init, --check, --print-config, running, ending.
# shellcheck disable=SC2016,SC2317 # points are words that are run later
set -u
work=$(mktemp -d)
broker=
trap '[ -z "$broker" ] || kill -9 "$broker" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1

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
    head -qn 5 point err out 2>/dev/null | sed 's/^/# /'
    failed=1
  fi
}

# run COMMAND...: its exit code in rc, what it said in out and err
run() {
  "$@" >out 2>err
  rc=$?
}
ends() { [ "$rc" = "$1" ]; }
says() { grep -q -- "$1" err; }
silent() { [ ! -s out ]; }
absent() { [ ! -e "$1" ]; }
json() { jq -e "$1" out; }
mode_is() { [ "$(stat -c %a "$2")" = "$1" ]; }
lines_of() { [ "$(grep -c -- "$1" "$2")" = "$3" ]; }

make() { # make DIR [OPTION...]
  dir=$1
  shift
  run reachoutd init --dir "$dir" --authority auth/authority.pub \
    --door-key auth/door.key "$@"
}

# up DIR: starts its broker and waits until both doors are open
up() {
  rm -f ready
  mkfifo ready
  reachoutd --config "$1/reachoutd.conf" ${2:+"$2"} >ready 2>log &
  broker=$!
  exec 7<ready
  read -r first <&7
}

# down SIGNAL: ends it; its exit code in rc, what else it printed in out
down() {
  kill "-$1" "$broker"
  wait "$broker"
  rc=$?
  broker=
  cat <&7 >out
  exec 7<&-
}

run reachout --json authority init --dir auth --circle Estuary --key-file a.key
point "there is an authority" ends 0
[ "$rc" = 0 ] || { echo "Bail out! no authority"; exit 1; }

# --- words ---------------------------------------------------------------------
run reachoutd --version
point "--version" grep -qE '^reachoutd [0-9]+\.[0-9]+\.[0-9]+$' out
run reachoutd --help
point "--help names init" grep -q 'reachoutd init' out
run reachoutd
point "nothing to do is a usage mistake" ends 2
point "which says what is missing" says -- "--config is missing"
run reachoutd --confg x
point "an unknown option is one too" ends 2
point "with a guess at what was meant" says "did you mean --config"
run reachoutd --config
point "so is a missing value" says "needs a value"
run reachoutd --config x y
point "so is a word too many" says "'y' is not expected"
run reachoutd init --dir d --authority auth/authority.pub
point "init says what it lacks" says -- "--door-key is missing"
point "and makes nothing" absent d

# --- init ----------------------------------------------------------------------
make b --json
point "init makes a broker" ends 0
point "and says so as JSON" json '.schema == 1 and (.curve_key | test("^[0-9a-f]{64}$"))'
point "paths are absolute and there" eval 'test -f "$(jq -r .config out)" && test -f "$(jq -r .public out)"'
point "the doors are two, on a 127 address" json '.member_endpoint != .open_endpoint and all(.member_endpoint, .open_endpoint; test("^tcp://127\\.[0-9.]+:[0-9]+$"))'
for file in authority.pub door.key curve.key signing.key; do
  point "$file is for nobody else" mode_is 600 "b/$file"
done
point "broker.pub is for the authority" eval 'head -1 b/broker.pub | grep -qx "reachout broker-public 1"'
make b
point "a used folder is refused" ends 1
point "in a sentence" says "not empty"
mkdir empty
make empty --member tcp://127.9.9.9:7701 --open tcp://127.9.9.9:7702
point "an empty one is fine" ends 0
point "endpoints are taken as given" grep -q '^member_endpoint = .*tcp://127.9.9.9:7701' empty/reachoutd.conf
make star --member 'tcp://*:7701'
point "an endpoint that nobody can connect to is refused" ends 2
point "and says where it belongs" says "reachoutd.conf"
make bad --member http://example.org
point "what is no endpoint is refused" ends 78
point "and named" says "member_endpoint"
run reachoutd init --dir none --authority auth/door.key --door-key auth/door.key
point "a wrong file is refused" ends 1
point "with what it is" says "door-key"
run reachoutd init --dir none --authority absent --door-key auth/door.key
point "an absent one is not found" ends 3
run reachout --json authority init --dir other --circle Other --key-file o.key
run reachoutd init --dir none --authority auth/authority.pub --door-key other/door.key
point "a key of another circle is refused" says "another circle"
point "before anything is made" absent none

# --- --check and --print-config ------------------------------------------------
run reachoutd --config b/reachoutd.conf --check
point "a new configuration has no mistakes" ends 0
point "and --check prints none" silent
{
  cat b/reachoutd.conf
  echo 'membr_endpoint = "tcp://127.0.0.1:1"'
  echo 'queue_frames = "many"'
} >bad.conf
lines=$(wc -l <b/reachoutd.conf)
sed -i 's/^open_endpoint = .*/open_endpoint = "nowhere"/' bad.conf
open_line=$(grep -n '^open_endpoint' bad.conf | cut -d: -f1)
run reachoutd --config bad.conf --check
point "mistakes end 78" ends 78
point "an unknown key, with file:line" says "bad.conf:$((lines + 1)):.*membr_endpoint"
point "a bad number, with file:line" says "bad.conf:$((lines + 2)):.*queue_frames"
point "a bad endpoint, with file:line, all at once" says "bad.conf:$open_line:.*open_endpoint"
run reachoutd --config bad.conf
point "it does not run with them" ends 78
point "and is not ready" silent
run reachoutd --config absent.conf --check
point "a configuration that is not there: 78" ends 78
cp -r b broken
sed -i "s|$work/b|$work/broken|" broken/reachoutd.conf
rm broken/curve.key
echo rubbish >broken/door.key
run reachoutd --config broken/reachoutd.conf --check
point "broken keys: 78" ends 78
point "the missing one is named" says "broken/curve.key"
point "and the damaged one, at once" says "broken/door.key"

run reachoutd --config b/reachoutd.conf --print-config
cp out printed.conf
point "--print-config" ends 0
run reachoutd --config printed.conf --print-config
point "reads back as the same" cmp out printed.conf
run reachoutd --print-config
cp out usual.conf
run reachoutd --config usual.conf --print-config
point "without a file: the usual values, which read back" cmp out usual.conf

# --- running -------------------------------------------------------------------
up b
point "it says ready" test "$first" = ready
point "it leaves no core" grep -qE '^Max core file size +0 +0' "/proc/$broker/limits"
point "its files are its own" grep -qE '^Umask:.*0077' "/proc/$broker/status"
run reachoutd --config b/reachoutd.conf
point "the same broker a second time: 69" ends 69
point "not ready" silent
member=$(grep -oE 'tcp://[0-9.:]+' b/reachoutd.conf | sed -n 1p)
make twin --member "$member" --open tcp://127.0.0.1:1
sed -i 's|tcp://127.0.0.1:1"|tcp://127.0.0.1:7799"|' twin/reachoutd.conf
run reachoutd --config twin/reachoutd.conf
point "a taken port: 69" ends 69
point "with the port in a sentence" says "$member.*in use"
point "not ready either" silent
kill -PIPE "$broker"
down TERM
point "SIGPIPE is nothing to it, SIGTERM ends it with 0" ends 0
point "ready was all that it printed" silent
point "it logged its start" lines_of 'start version=' log 1
point "and its stop" lines_of 'stop$' log 1
point "its own knock at the door is no failure" lines_of ' accepted=0 .* failed=0 ' log 1
up b
down INT
point "SIGINT ends it with 0 too" ends 0
up b
down KILL
up b
point "after kill -9 it is ready again" test "$first" = ready
down TERM
point "and ends with 0" ends 0

mv b/store.db moved
run reachoutd --config b/reachoutd.conf
point "without its store it does not begin anew" ends 70
point "and says what to do" says "b/store.db.*backup.*--accept-loss"
point "and makes none" absent b/store.db
up b --accept-loss
point "unless it is told to" test "$first" = ready
down TERM

echo "1..$n"
exit $failed
