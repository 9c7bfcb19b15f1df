#!/usr/bin/env bash
# What a script with session state does: looks for a session, then saves each of the seven steps.
#
# Usage: seven_steps.bash <library>

# shellcheck source=/dev/null
source "$1"

session_init
if session_exists; then
  session_load
fi
for step in scan review select connect worker_connecting targets_waiting verify; do
  session_save "$step" "{\"confighub\": {\"worker_status\": \"$step\"}}"
  echo "now at $(session_get_step)"
done
