#!/usr/bin/env bash
# Plays an import that is killed half way, and the run that takes it up again.
# Usage: import.sh          KEEP=1 leaves the sessions behind to look at.
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
demo=$repo/test/demo
cli=$repo/.venv/bin/session-cli
python=$repo/.venv/bin/python

bold='' dim='' plain=''
[[ ! -t 1 || -n ${NO_COLOR:-} ]] || { bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; }
title() { printf '\n%s%s%s\n\n' "$bold" "$1" "$plain"; }
line() { printf '  %s  %-21s %s%s%s\n' "$1" "$2" "$dim" "$3" "$plain"; }
indent() { sed 's/^/  /'; }
die() { printf 'import.sh: %s\n' "$*" >&2; exit 1; }

# Usage: use_scratch <dir>; a person's own sessions, and the hub they sync with, are left alone.
use_scratch() {
  scratch=$1
  unset "${!CONFIGHUB_SESSION@}" SESSION_CLI
  export CONFIGHUB_SESSION_DIR=$scratch/sessions
  # shellcheck source=../atk/lib/session.sh
  source "$repo/test/atk/lib/session.sh"
}

# Usage: summary <step>; prints what the step brought, read back from the saved session.
summary() {
  local words
  case $1 in
    scan) words="'cluster', cluster_context" ;;
    review) words="to_string(scan_result.workloads_detected), 'workloads in',
      to_string(length(scan_result.namespaces)), 'namespaces'" ;;
    select) words="to_string(length(selections.selected_workloads)), 'workloads selected'" ;;
    connect) words="'App Space', selections.app_space, 'under', selections.hub" ;;
    worker_connecting) words="to_string(length(confighub.units_created)), 'Units created'" ;;
    complete) words="to_string(length(confighub.units_created)), 'workloads imported'" ;;
    *) words="'worker', confighub.worker_slug, 'is', confighub.worker_status" ;;
  esac
  "$cli" get --raw "join(' ', [$words])"
}

# Usage: save_step <step> <label> <log>; the steps come on descriptor 4, "<step> <label>" a line.
save_step() {
  local data text
  data=$("$python" "$demo/import_data.py" "$1" "$demo/cluster.json" "$3")
  session_save "$1" "$data"
  text=$(summary "$1")
  printf '[%s] %s: %s\n' "$(date +%H:%M:%S)" "$2" "$text" >>"$3"
  line '✓' "$2" "$text"
}

# Usage: first_run <last>; saves up to <last>, says so on descriptor 3, is killed in the next step.
first_run() {
  local log step='' label
  log=$scratch/tui-import-$(date -u +%Y-%m-%d-%H%M%S).log
  session_init
  while [[ $step != "$1" ]] && read -r step label <&4; do save_step "$step" "$label" "$log"; done
  read -r step label <&4
  line '…' "$label" 'waits for ConfigHub'
  session_get_step >&3
  read -r _ <"$scratch/answer"
}

# Usage: second_run <expected>; goes on from the saved step, which must be <expected>.
second_run() {
  local log saved scan count step='' label
  session_exists || die 'there is no session to resume'
  saved=$(session_get_step)
  [[ $saved == "$1" ]] || die "the session is at $saved, not at $1"
  "$cli" render resume-prompt | indent
  log=$("$cli" get --raw log_file)
  scan=$("$cli" get scan_result)
  count=$("$cli" get scan_result.workloads_detected)
  while [[ $step != "$saved" ]]; do read -r step label <&4 || die "unknown step $saved"; done
  line '↻' "$label" "$count workloads known, not scanned again"
  while read -r step label <&4; do save_step "$step" "$label" "$log"; done
  [[ $(session_get_step) == complete ]] || die 'the import did not complete'
  [[ $("$cli" get scan_result) == "$scan" ]] || die 'the scan result did not stay as it was'
}

first=''
clean_up() {
  [[ -z $first ]] || kill -9 "$first" 2>/dev/null || true # it may have ended by itself
  if [[ ${KEEP:-} == 1 ]]; then printf '\nkept: %s\n' "$scratch"; else rm -rf "$scratch"; fi
}

play() {
  local reached killed=0 steps show
  [[ -x $cli ]] || die "there is no $cli: run make install first"
  use_scratch "$(mktemp -d)"
  trap clean_up EXIT
  steps=$("$python" -c 'from session_cli.steps import COMPLETE, TYPES, label
for step in (*TYPES["import"], COMPLETE): print(step, label("import", step))')
  mkfifo "$scratch/reached" "$scratch/answer"

  title '1  An import begins and is killed'
  bash "$0" first_run "$scratch" connect 3>"$scratch/reached" 4<<<"$steps" &
  first=$!
  read -r reached <"$scratch/reached" || die 'the first run ended too early'
  kill -9 "$first"
  wait "$first" 2>/dev/null || killed=$?
  first=''
  ((killed == 137)) || die "the first run was not killed: status $killed"
  line '✗' 'kill -9' "at step $reached"

  title '2  A new process resumes it'
  bash "$0" second_run "$scratch" "$reached" 4<<<"$steps"

  title '3  What is on disk'
  for show in session_status session_history; do
    "$show" | indent
    printf '\n'
  done
  # shellcheck disable=SC2012 # shown to a person, not parsed
  ls -l "$CONFIGHUB_SESSION_DIR" | indent
}

case ${1:-} in
  first_run | second_run) use_scratch "$2"; "$1" "$3" ;;
  *) play ;;
esac
