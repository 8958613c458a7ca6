#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One story, as the command line's contract tells it: a school asks, two answer.
set -eu; T=$(mktemp -d); cp circle.conf medway.csv cast.csv "$T"; cd "$T"; mkdir p b
r() { p=$1; shift; reachout --profile "p/$p" --json "$@"; }
a() { c=$1; shift; reachout --json authority "$c" --dir auth "$@"; }
up() { reachoutd --config b/reachoutd.conf >b/ready & B=$!; read -r _ <b/ready; }
a init --circle Estuary --key-file auth.key
reachoutd init --dir b --authority auth/authority.pub --door-key auth/door.key
mkfifo b/ready; up
a charter --file circle.conf --broker b/broker.pub
a register --csv medway.csv; a register --csv cast.csv
for s in 900001 900012 900013; do
  a invite --kind school --urn $s --seat lead --out $s.inv
  r $s join $s.inv --holder "Head of $s" --key-file $s.key        # requested
done
a invite --kind coordinators --name Estuary --seat coordinator --home 900016 --out ruth.inv
r ruth join ruth.inv --holder Ruth --key-file ruth.key
a requests                                # compare the words by telephone
a admit --all
for s in 900001 900012 900013 ruth; do r $s sync; done            # admitted, keys published
R=$(r 900001 ask --topic TL1 --urgency U3 --to coordinators --to group:primary --text "20 mins on phonics?" | jq -r .request)
for s in 900012 900013 ruth; do r $s sync; done
r ruth say $R --text "Hello, Ruth here."  # her only thread of this request
r 900012 answer $R --text "Yes, gladly."
N=$(r 900013 answer $R --text "Come Thurs 1.15." | jq -r .answer)
r 900001 sync; r 900001 answers $R; r 900001 accept $N
r 900012 sync; r 900012 show $R           # not chosen, a kind word
r 900013 sync; r 900001 say $N --text "Thursday it is."           # receiver off
kill -9 $B; wait $B || :
rc=0; r 900013 say $N --wait 1 --text "Park at the back." || rc=$?; [ $rc = 5 ]
up; r 900013 sync; r 900013 read $N
r 900001 sync; r 900001 read $N --unread
r 900001 close $R --outcome helped --text "Copied their check-in."
r 900013 sync; r 900013 show $R           # closed, helped
kill -TERM $B; wait $B
