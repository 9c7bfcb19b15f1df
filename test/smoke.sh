#!/usr/bin/env bash
# CI smoke test: one short session in a scratch folder. Exits 1 if any answer differs.
set -u

scratch=$(mktemp -d) || exit
trap 'rm -rf "$scratch"' EXIT
export CONFIGHUB_SESSION_DIR="$scratch/sessions"
unset CONFIGHUB_SESSION_FILE CONFIGHUB_SESSION_TYPE
failures=0

check() { # Usage: check <exit code> <pattern for stdout> <argument of session-cli>...
  local code=$1 pattern=$2 answer status
  shift 2
  answer=$(session-cli "$@" </dev/null)
  status=$?
  # shellcheck disable=SC2053 # a pattern is what we want
  if [[ $status == "$code" && $answer == $pattern ]]; then
    printf 'ok      session-cli %s -> %s %s\n' "$*" "$code" "$pattern"
  else
    printf 'DIFFERS session-cli %s -> %s %s, not %s %s\n' \
      "$*" "$status" "$answer" "$code" "$pattern"
    failures=$((failures + 1))
  fi
}

check 0 '' init
check 1 '' exists
check 0 'none' get-step
check 0 '' save scan '{"scan_result": {"workloads_detected": 12}}'
check 0 '' save review
check 0 'review' get-step
check 0 '{*"step": "review"*"workloads_detected": 12*}' load
check 0 '' clear
check 0 '' load
check 0 'none' get-step
exit $((failures > 0))
