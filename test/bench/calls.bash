#!/usr/bin/env bash
# Makes the calls that bench.py asks for and says how long each took.
#
# Usage: calls.bash <library>
#
# Reads lines "<call> <times>"; answers each with "<microseconds> <failures>" for all the times
# together, "-" for the microseconds where this bash has no clock of its own.

library="$1"
data='{"confighub": {"worker_status": "connected"}}'

# shellcheck source=/dev/null
source "$library"

save() { session_save review "$data"; }
get_step() { session_get_step; }
get_step_captured() { : "$(session_get_step)"; }
load_captured() { : "$(session_load)"; }
exists() { session_exists; }
script() { bash "${BASH_SOURCE%/*}/seven_steps.bash" "$library"; }
console_script() { session-cli save review "$data"; }
load() { session_load; }
cat_state() { cat "$SESSION_FILE"; }
jq_state() { jq -e . "$SESSION_FILE"; }
render_status() { session-cli render status; }
status() { session-cli status; }
get() { session-cli get step --raw; }
click() { "$BENCH_PYTHON" -I -c 'import click'; }
floor() { "$BENCH_PYTHON" -I -S -c pass; }

measure() {
  local call="$1" times="$2" failures=0 begin end
  begin="${EPOCHREALTIME-}"
  while ((times > 0)); do
    "$call" || ((failures += 1))
    ((times -= 1))
  done >/dev/null
  end="${EPOCHREALTIME-}"
  if [[ -z "$begin" ]]; then
    printf -- '- %d\n' "$failures"
  else
    printf '%d %d\n' "$((${end//[!0-9]/} - ${begin//[!0-9]/}))" "$failures"
  fi
}

# the calls must not find the questions on their stdin
exec 3<&0 </dev/null
while read -r -u 3 call times; do
  measure "$call" "$times"
done
