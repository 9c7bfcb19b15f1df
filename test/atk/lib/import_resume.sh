#!/usr/bin/env bash
# Resumes a session: checks it for drift, shows what has changed, and only then changes anything.

# shellcheck disable=SC2034,SC2119 # map-import reads the flags; our own functions take options, too

# shellcheck source=import_screen.sh
source "${BASH_SOURCE[0]%/*}/import_screen.sh"

reality_data=''
# the box about it that somebody has seen
reality_shown=''

# The session is ours: reality is asked, and only then is anything of it changed.
go_on() {
  local _earlier _checked_step
  _earlier=$(session_get log_file --lines --default '')
  persist '' '' learn_step || return
  step_enter "$step"
  learn_context
  refuse_other_wishes || return
  log_begin
  log_head "$save_session" "$_earlier"
  log "resumed at step $step"
  check_reality || return
  _checked_step=$events_step
  publish_again || return
  keep_new_log "$_earlier" && adopt_reality "$_checked_step"
}

# The step that the session is at; whoever saved it may have had other steps than we.
learn_step() {
  local _step _known
  _step=$(session_get_step)
  for _known in "${step_names[@]}" complete; do
    [[ $_known != "$_step" ]] || { step=$_step && return; }
  done
  events_problem="this session is at the unknown step '$(session_get step --lines --default '')'; --new starts another session"
  return 2
}

# What was asked for by option is not what this session is about.
refuse_other_wishes() {
  local _namespaces _space _slug
  _namespaces=$(session_get 'selections.namespaces' --lines --default '')
  _space=$(session_get selections.app_space --lines --default '')
  _slug=''
  [[ -z $wanted_space ]] || _slug=$(session_cluster app-space --slug "$wanted_space")
  if [[ ${#wanted_namespaces[@]} -gt 0 && -n $_namespaces ]] &&
    [[ $(sort -u <<<"$_namespaces") != "$(printf '%s\n' "${wanted_namespaces[@]}" | sort -u)" ]]; then
    events_problem="this session imports the namespaces ${_namespaces//$'\n'/, }"
  elif [[ -n $wanted_space && -n $_space && $_slug != "$_space" ]]; then
    events_problem="this session imports into App Space $_space"
  else
    return 0
  fi
  if [[ -n $may_ask ]]; then
    banner="$events_problem; --new starts another session"
    wanted_namespaces=() wanted_space=''
    return 0
  fi
  events_problem+='; start another with --new, or resume this one without these options'
  exit_status=6
  printf '%s: %s\n' "${0##*/}" "$events_problem" >&2
  return "$WALK_FAILED"
}

# Usage: publish_again; from here on the next save of whoever had the session before is refused.
publish_again() {
  local _status
  while :; do
    _status=0
    publish || _status=$?
    ((_status)) || { banner_is_saved && break; }
    save_note_problem "$_status" "$step" "$save_scratch/no-data"
    save_unsaved=''
    tell_not_saved "$_status" || return
  done
  save_problem='' save_unsaved=''
}

# Usage: publish; makes the session the latest once more, with a revision that only we know.
publish() {
  local _status=0
  save_is_busy=yes
  session_resume "$save_session" --if-revision "$save_revision" \
    >/dev/null 2>"$save_scratch/save-problem" || _status=$?
  ! save_is_there "$_status" || { _status=0 && publish_bind; }
  save_done
  return "$_status"
}

# Damaged snapshots had revisions, too: when some were reported, the new revision is read again.
publish_bind() {
  local _ours=$save_session _next=$((save_revision + 1))
  if [[ ! -s $save_scratch/save-problem ]] || ! save_know || [[ $save_session != "$_ours" ]]; then
    save_bind "$_ours" "$_next"
  fi
}

# Usage: check_reality; asks cluster and ConfigHub, and shows what no longer holds.
check_reality() {
  persist '' '' ask_reality || return
  if [[ -n $may_ask && -n $events_box && $events_box != "$reality_shown" ]]; then
    ask_is_grave=yes
    ask "$events_box" '[Enter] Continue    [Q] Quit' enter q
    [[ $answer == enter ]] || return "$WALK_QUIT"
  fi
}

ask_reality() {
  local _status=0 events_keep=keep_reality _options=(--width "$(term_box_width 66)")
  [[ -n $may_ask ]] || _options+=(--no-ask)
  reality_data=''
  events_run "$step" 'Checking the cluster and ConfigHub' \
    session_check "${_options[@]}" ${wanted_context:+--context "$wanted_context"} || _status=$?
  if ((_status == 6)); then
    refuse_cluster
    return
  fi
  return "$_status"
}

keep_reality() {
  reality_data=$2
}

refuse_cluster() {
  if [[ -z $may_ask ]]; then
    printf '%s\n' "$events_box"
    exit_status=6
    printf '%s: %s\n' "${0##*/}" "$events_problem" >&2
    return "$WALK_FAILED"
  fi
  ask_is_grave=yes
  ask "$events_box" '[N] New session    [Q] Quit' n q
  exit_status=6
  [[ $answer != n ]] || { exit_status=0 && return "$WALK_NEW"; }
  return "$WALK_QUIT"
}

# Usage: keep_new_log <earlier log>; the session names its newest log and the one before.
keep_new_log() {
  [[ -n $log_path ]] || return 0
  printf '{"log_file": %s, "previous_log_file": %s}\n' "$(save_quote "$(log_short)")" \
    "$(save_quote "$1")" >"$save_scratch/log"
  save_or_tell "$step" "$save_scratch/log"
}

# Usage: adopt_reality <step>; saves what is true now, and continues at the step.
adopt_reality() {
  [[ $1 != "$step" || -n $reality_data ]] || return 0
  log "continues at step $1"
  save_and_go "$1" ${reality_data:+"$reality_data"}
}
