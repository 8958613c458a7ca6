#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# broker_sees.sh DIR: what the files of a broker's folder hold about messages:
# sizes, buckets, mailboxes, hours. A copy is read, so nothing is disturbed.
set -eu
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
store=$(find "$1" -name '*.db' | head -n 1)
cp "$store"* "$copy/"
db=$copy/$(basename "$store")
echo "  envelopes that wait (mailbox, bytes of the body, key day, expires in UTC hour):"
sqlite3 -separator '  ' "$db" "
  select '  | ' || lower(hex(mailbox)), length(bytes), day, expiry_hour
  from envelope join body on body.id = envelope.body order by envelope.key"
echo "  and in all:"
sqlite3 "$db" "
  select '  | ' || count(*) || ' envelopes of ' || count(distinct body) || ' bodies for ' ||
         count(distinct mailbox) || ' mailboxes' from envelope"
sqlite3 "$db" "select '  | ' || count(*) || ' directory records, all public to members' from record"
echo "  Delivered and acknowledged messages are gone from it."
