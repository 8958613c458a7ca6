#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The first story, told for people: Saltings Primary could do with a look at
# somebody's phonics. Real programs, real sockets on loopback, a folder of its
# own. tools/demo builds and calls this; --keep leaves it running.
#
# The schools that speak are invented; the real schools of the register are
# there for names, distances and groups only.
set -eu

keep=${1:-}
case $keep in '' | --keep) ;; *)
  echo "usage: demo.sh [--keep]" >&2
  exit 2 ;;
esac
PATH=$RO_BUILD_ROOT/daemon:$RO_BUILD_ROOT/client/cli:$PATH
export PATH LC_ALL=C.UTF-8 NO_COLOR=1
here=$(mktemp -d "${TMPDIR:-/tmp}/reachout-demo-XXXXXX")
chmod 700 "$here"
cd "$here"
broker=
finish() {
  [ -z "$broker" ] || kill -TERM "$broker" 2>/dev/null || :
  [ -z "$broker" ] || wait "$broker" 2>/dev/null || :
  cd /
  rm -rf "$here"
}
trap finish EXIT

as_root= # only root may look into the memory of a process that hides it
[ "$(id -u)" = 0 ] || as_root=sudo

saltings=900001 bargemaster=900012 cobblers=900013
who() {
  case $1 in
  900001) echo "Saltings Primary School" ;;
  900012) echo "Bargemaster Primary School" ;;
  900013) echo "Cobblers Bridge Primary School" ;;
  ruth) echo "Ruth, coordinator" ;;
  authority) echo "The authority" ;;
  *) echo "$1" ;;
  esac
}
chapter() { printf '\n\033[0m=== %s\n' "$*" | sed 's/\x1b\[0m//'; }
# view WHO COMMAND...: shows what is typed and what this party sees.
view() {
  party=$1
  shift
  printf '\n%s\n' "[$(who "$party")]"
  printf '  $ reachout'
  for word; do
    case $word in *[!A-Za-z0-9_:./-]*) printf ' "%s"' "$word" ;; *) printf ' %s' "$word" ;; esac
  done
  printf '\n'
  rc=0
  reachout --profile "p/$party" "$@" >out 2>&1 || rc=$?
  sed 's/^/  | /' out
  return $rc
}
# quiet WHO COMMAND...: the same for scripts, as JSON.
quiet() {
  party=$1
  shift
  reachout --profile "p/$party" --json "$@" 2>>"$here/talk"
}
# said TEXT: remembers what was typed, to be searched for at the end.
said() {
  printf '%s\n' "$1" >>typed
  printf '%s' "$1"
}
start_broker() {
  reachoutd --config b/reachoutd.conf >b/ready 2>>b/log &
  broker=$!
  read -r _ <b/ready
}

mkdir p b
: >typed
cp "$RO_SOURCE_ROOT/config/circle.conf" "$RO_SOURCE_ROOT/tests/data/medway.csv" \
  "$RO_SOURCE_ROOT/tests/data/cast.csv" .

chapter "A partnership is founded"
reachout authority init --dir auth --circle Estuary --key-file auth.key 2>&1 | sed 's/^/  | /'
reachoutd init --dir b --authority auth/authority.pub --door-key auth/door.key >init.json
mkfifo b/ready
start_broker
echo "  the broker runs; it holds no key that opens anything"
reachout authority charter --dir auth --file circle.conf --broker b/broker.pub 2>&1 | sed 's/^/  | /'
reachout authority register --dir auth --csv medway.csv 2>&1 | sed 's/^/  | /'
reachout authority register --dir auth --csv cast.csv 2>&1 | sed 's/^/  | /'

chapter "Three schools and a coordinator are invited, and join"
for school in $saltings $bargemaster $cobblers; do
  reachout authority invite --dir auth --kind school --urn $school --seat lead --out "$school.inv" >/dev/null 2>>"$here/talk"
done
reachout authority invite --dir auth --kind coordinators --name Estuary --seat coordinator --home 900016 --out ruth.inv >/dev/null 2>>"$here/talk"
view $saltings join $saltings.inv --holder "$(said 'Dawn Okafor')" --key-file $saltings.key
quiet $bargemaster join $bargemaster.inv --holder "$(said 'Priya Nair')" --key-file $bargemaster.key >/dev/null
quiet $cobblers join $cobblers.inv --holder "$(said 'Imran Shah')" --key-file $cobblers.key >/dev/null
quiet ruth join ruth.inv --holder "$(said 'Ruth Adeyemi')" --key-file ruth.key >/dev/null
printf '\n[%s]\n' "$(who authority)"
reachout authority requests --dir auth 2>&1 | sed 's/^/  | /'
echo "  (each head reads the words over the telephone; they are the same)"
reachout authority admit --dir auth --all 2>&1 | sed 's/^/  | /'
for party in $saltings $bargemaster $cobblers ruth; do quiet $party sync >/dev/null; done
view $saltings members

chapter "Saltings asks"
ask=$(said "Morning. Could do with 20 mins with someone whose phonics screening has gone UP from a low base. Ours was 58%. Not a crisis, just want to see it done. Any wed or thurs pm. Thanks")
view $saltings ask --topic TL1 --urgency U3 --to coordinators --to group:primary --dry-run --text "$ask"
view $saltings ask --topic TL1 --urgency U3 --to coordinators --to group:primary --text "$ask"
request=$(quiet $saltings requests --mine | jq -r '.requests[0].request' | cut -c1-8)
for party in $bargemaster $cobblers; do quiet $party sync >/dev/null; done
view ruth sync
view ruth say "$request" --text "$(said 'Hello Dawn, Ruth here. Nice clear ask. I will have names for you by Friday.')"

chapter "Two schools are willing"
view $bargemaster show "$request"
view $bargemaster answer "$request" --days 0.5 --text "$(said 'Yes, gladly. Our Year 1 lead could show you the daily check-in.')"
view $cobblers answer "$request" --days 0.5 --text "$(said 'Hi Dawn, happy to. We went from 61 to 79 in two years, warts and all.')"
view $saltings sync
view $saltings answers "$request"

chapter "Saltings chooses; the other one hears a kind word"
answer=$(quiet $saltings answers "$request" | jq -r '.answers[] | select(.from | test("Cobblers") or . == "'$cobblers'") | .answer' | head -n 1 | cut -c1-8)
[ -n "$answer" ] || answer=$(quiet $cobblers show "$request" | jq -r '.threads[0].thread' | cut -c1-8)
view $saltings accept "$answer"
view $bargemaster sync
view $bargemaster show "$request"
view $cobblers sync

chapter "They talk; one computer is off, and the broker dies"
view $cobblers say "$answer" --text "$(said 'Come Thurs 1.15, bring whoever teaches Y1.')"
quiet $saltings sync >/dev/null
view $saltings say "$answer" --text "$(said 'Thursday it is. Two of us, if that is fine.')"
quiet $cobblers sync >/dev/null
view $cobblers say "$answer" --text "$(said 'Two is fine. No forms needed from our end.')"
echo
echo "  (Cobblers Bridge switches its computer off)"
view $saltings say "$answer" --text "$(said 'Is there somewhere to park?')"
kill -9 "$broker"
wait "$broker" 2>/dev/null || :
broker=
echo
echo "  (kill -9: the broker is gone, with what it had promised to keep)"
rc=0
view $saltings say "$answer" --wait 1 --text "$(said 'We will bring the biscuits.')" || rc=$?
[ $rc = 5 ] || { echo "expected exit 5, got $rc"; exit 1; }
start_broker
echo
echo "  (the broker is back; Cobblers Bridge switches its computer on)"
view $saltings sync
view $cobblers sync
view $cobblers read "$answer"
view $cobblers say "$answer" --text "$(said 'Park at the back gate. Biscuits welcome.')"

chapter "Afterwards"
quiet $saltings sync >/dev/null
view $saltings close "$request" --outcome helped --text "$(said 'We copied their daily check-in, and it holds.')"
quiet $cobblers sync >/dev/null
view $cobblers show "$request"
quiet ruth sync >/dev/null
view ruth show "$request"

chapter "What the broker holds about all this"
"$RO_SOURCE_ROOT/tests/e2e/broker_sees.sh" b
echo
echo "  Searching its files, its log and its memory for everything that was typed:"
$as_root python3 "$RO_SOURCE_ROOT/tests/support/canary.py" \
  "$RO_BUILD_ROOT/tests/support/canary_scan" typed --pid "$broker" b | sed 's/^/  | /'
[ "${PIPESTATUS[0]}" = 0 ] || exit 1

if [ "$keep" = --keep ]; then
  trap - EXIT
  chapter "Left running, as asked"
  cat <<END
  folder    $here   (broker: process $broker; end it with: kill $broker)
  programs  $RO_BUILD_ROOT/client/cli/reachout, $RO_BUILD_ROOT/daemon/reachoutd
  try       cd $here
            $RO_BUILD_ROOT/client/cli/reachout --profile p/$saltings status
            $RO_BUILD_ROOT/client/cli/reachout --profile p/$cobblers requests
END
else
  kill -TERM "$broker"
  wait "$broker"
  broker=
fi
printf '\nThe story has been told.%s\n' "${keep:+ It goes on where you like.}"
[ -n "$keep" ] || echo "Try it yourself: tools/demo --keep"
