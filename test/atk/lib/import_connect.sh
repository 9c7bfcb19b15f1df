#!/usr/bin/env bash
# Steps 4 to 7 of an import: the Units, the worker, the targets, and whether all of it is there.

# shellcheck source=import_screen.sh
source "${BASH_SOURCE[0]%/*}/import_screen.sh"

worker_pid=''

step_connect() {
  step_enter connect
  persist b '[B] Back' \
    events_run connect 'Connecting to ConfigHub' session_confighub login || return
  if [[ $answer == b ]]; then
    save_and_go select
  elif [[ -z $may_ask ]]; then
    create_units
  else
    confirm_connect
  fi
}

confirm_connect() {
  # whoever leaned on Enter has not seen what is about to be created
  ask_is_grave=yes
  ask_in_step 'ask_box 66 step connect' '[Enter] Create    [B] Back' enter b || return
  case $answer in
    enter) create_units ;;
    b) save_and_go select ;;
  esac
}

create_units() {
  persist c '[C] Continue without them' create_intended && save_and_go worker_connecting
}

# What is about to be created is saved first: after a crash ConfigHub is asked what of it exists.
create_intended() {
  decide_names || return
  noted "$save_scratch/intent" session_confighub intent "${save_bound[@]}" || return
  save_or_tell connect "$save_scratch/intent" || return
  events_run connect 'Creating Units' session_confighub create "${save_bound[@]}"
}

# Another import, or somebody by hand, may have taken a name; --yes leaves such a workload out.
decide_names() {
  name_units || return
  [[ -n $events_box && -n $may_ask ]] || return 0
  # whoever leaned on Enter has not seen which names these are
  ask_is_grave=yes
  ask_in_step names_text '[Enter] Rename ours    [L] Leave them out' enter l || return
  case $answer in
    enter) name_units --taken rename ;;
    l) name_units --taken leave ;;
  esac
}

names_text() {
  printf '%s' "$events_box"
}

name_units() {
  events_run connect 'Checking which Units exist' \
    session_confighub names --width "$(term_box_width 66)" "${save_bound[@]}" "$@"
}

step_worker_connecting() {
  step_enter worker_connecting
  wait_for 'Waiting for the worker' targets_waiting \
    session_confighub worker --log "$(worker_log)"
}

worker_log() {
  if [[ -n $log_path ]]; then
    # its words are its own, so it is no log of ours
    printf '%s' "${log_path%/*}/worker-${log_path##*/tui-import-}"
  else
    printf '/dev/null'
  fi
}

step_targets_waiting() {
  step_enter targets_waiting
  wait_for 'Waiting for targets' verify session_confighub targets
}

step_verify() {
  step_enter verify
  wait_for 'Verifying the import' complete session_confighub verify
}

# Usage: wait_for <title> <next step> <command> ...
wait_for() {
  persist b '[B] Back to ConfigHub' work_bound "$1" "${@:3}" || return
  if [[ $answer == b ]]; then
    save_and_go connect
  else
    save_and_go "$2"
  fi
}

# What it works on is what was saved last, also when it is tried again.
work_bound() {
  events_run "$step" "$@" "${save_bound[@]}"
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
  next_commands
}

# What is left to a person: the Units have no target yet, and the worker runs on.
next_commands() {
  target_command
  worker_command
}

# In lines that fit the terminal, which make one command wherever they are pasted. Others may have
# Units there, too.
target_command() {
  local _target _space _units _line
  _target=$(session_get 'confighub.targets[0]' --lines --default '')
  _space=$(session_get selections.app_space --lines --default '')
  _units=$(session_get 'confighub.units_created' --lines --default '')
  [[ -n $_target && -n $_units ]] || return 0
  printf '\n  %s\n' 'To deploy from ConfigHub, set the target of the Units:'
  printf '    cub unit set-target %q' "$_target"
  printf ' \\\n      %s' "--space $(printf '%q' "$_space")"
  unit_options $((term_columns - 8)) <<<"$_units" | while IFS= read -r _line; do
    printf ' \\\n      %s' "$_line"
  done
  printf '\n'
} 2>/dev/null

# Usage: unit_options <width>; of Units, one on a line, makes as few options as fit the width.
unit_options() {
  local _unit _line=''
  while IFS= read -r _unit; do
    [[ $_unit =~ ^[a-z0-9-]+$ ]] || _unit=$(printf '%q' "$_unit")
    if [[ -n $_line ]] && ((${#_line} + ${#_unit} + 1 > $1)); then
      printf '%s\n' "$_line"
      _line=''
    fi
    _line+=${_line:+,}${_unit}
    [[ $_line == --unit* ]] || _line="--unit $_line"
  done
  printf '%s\n' "$_line"
}

worker_command() {
  ! worker_runs_on ||
    printf '\n  The worker started here is still running; to stop it:\n    kill %s\n' "$worker_pid"
} 2>/dev/null

# Whether the worker that was started here is still at it; its process is worker_pid.
worker_runs_on() {
  worker_pid=$(session_get confighub.worker_pid --lines --default '')
  [[ $worker_pid =~ ^[1-9][0-9]{0,9}$ ]] &&
    [[ $(ps -ww -o command= -p "$worker_pid" 2>/dev/null) == *' worker run '* ]]
}
