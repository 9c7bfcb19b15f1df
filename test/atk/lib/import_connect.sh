#!/usr/bin/env bash
# Steps 4 to 7 of an import: the Units, the worker, the targets, and whether all of it is there.

# shellcheck source=import_screen.sh
source "${BASH_SOURCE[0]%/*}/import_screen.sh"

step_connect() {
  local _status=0
  step_enter connect
  events_run connect 'Connecting to ConfigHub' session_confighub login || _status=$?
  if ((_status)); then
    explain_failure "$_status" step_connect b '[B] Back' || return
    [[ $answer != b ]] || save_and_go select
    return
  fi
  if [[ -z $may_ask ]]; then
    create_units
  else
    confirm_connect
  fi
}

confirm_connect() {
  ask_in_step 'ask_box 66 step connect' '[Enter] Create    [B] Back' enter b || return
  case $answer in
    enter) create_units ;;
    b) save_and_go select ;;
  esac
}

# What is about to be created is saved first: after a crash ConfigHub is asked what of it exists.
create_units() {
  local _status=0
  show_busy 'naming the Units'
  session_confighub intent "${save_bound[@]}" >"$save_scratch/intent" 2>"$save_scratch/problem" ||
    _status=$?
  if ((_status)); then
    events_note_problem "$_status"
    explain_failure "$_status" create_units
    return
  fi
  save_or_tell connect "$save_scratch/intent" || return
  events_run connect 'Creating Units' session_confighub create "${save_bound[@]}" || _status=$?
  if ((_status)); then
    explain_failure "$_status" create_units c '[C] Go on without them' || return
    [[ $answer == c ]] || return 0
  fi
  save_and_go worker_connecting
}

step_worker_connecting() {
  step_enter worker_connecting
  wait_for 'Waiting for the worker' targets_waiting \
    session_confighub worker --log "$(worker_log)"
}

worker_log() {
  if [[ -n $log_path ]]; then
    printf '%s' "${log_path%.log}-worker.log"
  else
    printf '/dev/null'
  fi
}

step_targets_waiting() {
  step_enter targets_waiting
  wait_for 'Waiting for the targets' verify session_confighub targets
}

step_verify() {
  step_enter verify
  wait_for 'Verifying the import' complete session_confighub verify
}

# Usage: wait_for <title> <next step> <command> ...
wait_for() {
  local _status=0 _again="step_$step" _next=$2
  events_run "$step" "$1" "${@:3}" "${save_bound[@]}" || _status=$?
  if ((_status == 0)); then
    save_and_go "$_next"
    return
  fi
  explain_failure "$_status" "$_again" b '[B] Back to ConfigHub' || return
  [[ $answer != b ]] || save_and_go connect
}

step_complete() {
  step_enter complete
  if [[ -z $may_ask ]]; then
    return "$WALK_QUIT"
  fi
  while :; do
    ask_in_step complete_text '' i h || return
    case $answer in
      i) return "$WALK_NEW" ;;
      h) view_in_confighub ;;
    esac
  done
}

complete_text() {
  ask_box 66 panel
  next_commands | fold -s -w "$((term_columns - 2))"
}

# What is left to a person: the Units have no target yet, and the worker runs on.
next_commands() {
  local _target _space _pid
  _target=$(session_get 'confighub.targets[0]' --lines --default '')
  _space=$(session_get selections.app_space --lines --default '')
  _pid=$(session_get confighub.worker_pid --lines --default '')
  [[ -z $_target ]] || printf '\n  To deploy from ConfigHub, give the Units their target:\n    %s\n' \
    "cub unit set-target $(printf '%q' "$_target") --where \"Slug != ''\" --space $(printf '%q' "$_space")"
  [[ $(ps -ww -o command= -p "${_pid:-0}" 2>/dev/null) != *' worker run '* ]] ||
    printf '\n  The worker that was started here runs on; to stop it:\n    kill %s\n' "$_pid"
}
