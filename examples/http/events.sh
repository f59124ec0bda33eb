#!/usr/bin/env bash
# Writes events with curl, to the server in BITACORA_URL with the key in BITACORA_API_KEY. The id is made once, before the
# first attempt, so that sending the event again does no harm.
set -eu

uuid7() {
  local time random
  time=$(printf '%012x' "$(date +%s%3N)")
  random=$(od -An -N10 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s-%s-7%s-8%s-%s\n' "${time:0:8}" "${time:8:4}" "${random:0:3}" "${random:3:3}" "${random:6:12}"
}

capture() {
  # --retry sends again when there is no answer, and after 408, 429 and 5xx; it waits as Retry-After says.
  curl --silent --show-error --retry 8 --retry-connrefused --max-time 30 \
    -H "Authorization: Bearer $BITACORA_API_KEY" -H 'Content-Type: application/json' \
    --data-binary @- "$BITACORA_URL/v1/events"
  echo
}

event=$(cat <<JSON
{"id": "$(uuid7)", "action": "invoice.approve", "actor": {"id": "ana", "name": "Ana Torres"},
 "target": {"type": "invoice", "id": "1042"}, "attributes": {"from": "curl"}}
JSON
)

printf '%s' "$event" | capture
# The event is sent again, as after a lost answer, and is stored once.
printf '%s' "$event" | capture
