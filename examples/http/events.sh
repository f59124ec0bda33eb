#!/usr/bin/env bash
# Writes events with curl: BITACORA_URL and BITACORA_API_KEY say where to. The id is made once, before the first attempt,
# so that repeating is harmless.
set -eu

uuid7() {
  local time random
  time=$(printf '%012x' "$(date +%s%3N)")
  random=$(od -An -N10 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s-%s-7%s-8%s-%s\n' "${time:0:8}" "${time:8:4}" "${random:0:3}" "${random:3:3}" "${random:6:12}"
}

capture() {
  # --retry covers no answer, 408, 429 and 5xx, and waits as Retry-After says.
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
# Again, as after an answer that was lost: stored once.
printf '%s' "$event" | capture
