#!/usr/bin/env bash
# How an import begins: anew, or where somebody left it, with reality asked again; who may have it.

# shellcheck disable=SC2034,SC2119 # map-import reads the flags; our own functions take options, too

# shellcheck source=import_screen.sh
source "${BASH_SOURCE[0]%/*}/import_screen.sh"

BEGIN_HELD=5
only_looked=''
reality_data=''
# the session that was there when we looked, and whether anything was
begin_found=''
begin_exists=''

# Usage: begin <how>; how is resume, new, ask or show, as session_start says.
begin() {
  local _how=$1 _status=$WALK_RACED
  while ((_status == WALK_RACED)); do
    _status=0
    begin_look
    case $_how in
      new) begin_new ;;
      resume) begin_resume ;;
      show) begin_show ;;
      ask) begin_asking ;;
    esac || _status=$?
    ((_status != WALK_RACED)) || begin_raced || return
  done
  return "$_status"
}

# What there is now: only that is deleted, archived or gone on with, whatever comes meanwhile.
begin_look() {
  begin_found='' begin_exists=''
  ! session_exists || begin_exists=yes
  [[ -z $begin_exists ]] || ! save_know 2>/dev/null || begin_found=$save_session
  # it is not ours yet
  save_bind '' ''
}

# Somebody was quicker: what was found is not the latest any more. The person is asked again.
begin_raced() {
  save_bind '' ''
  save_problem='' save_unsaved='' save_is_lost=''
  events_problem='another import was begun or gone on with meanwhile'
  if [[ -z $may_ask ]]; then
    exit_status=6
    printf '%s: %s; see it with --status\n' "${0##*/}" "$events_problem" >&2
    return "$WALK_FAILED"
  fi
  banner=$events_problem
  _how=new
  ! session_exists || _how=ask
}

# A complete import is looked at; nothing of it changes.
begin_show() {
  only_looked=yes
  learn_context
  step=complete
  [[ -n $may_ask ]] || session_render status
}

begin_asking() {
  step_title='a session was found'
  learn_context
  ask_drawn 'ask_box 61 resume-prompt' '[V] View log    [Q] Quit' r n d v enter q
  case $answer in
    r | enter) begin_resume ;;
    n) begin_new ;;
    d) begin_deleted ;;
    v) view_log && begin_asking ;;
    q) return "$WALK_QUIT" ;;
  esac
}

begin_deleted() {
  local _status=0
  session_delete ${begin_found:+"$begin_found"} 2>"$save_scratch/lease-problem" || _status=$?
  case $_status in
    0)
      begin_exists=''
      begin_new
      ;;
    3) return "$WALK_RACED" ;;
    "$BEGIN_HELD") begin_held ;;
    *)
      events_note_lease
      explain_failure "$_status" begin_deleted
      ;;
  esac
}

begin_new() {
  [[ -z $begin_exists ]] || begin_archived || return
  log_begin
  log_head "import-$log_stamp"
  log_file "$save_scratch/problem"
  printf '{"session_id": "import-%s", "log_file": %s}\n' "$log_stamp" \
    "$(save_quote "$(log_short)")" >"$save_scratch/first"
  begin_first_save || return
  step=scan
}

# The session that was found goes to the archive.
begin_archived() {
  local _status=0
  session_new ${begin_found:+--session "$begin_found"} 2>"$save_scratch/problem" || _status=$?
  case $_status in
    0) begin_exists='' ;;
    6) return "$WALK_RACED" ;;
    *)
      events_note_problem "$_status"
      save_problem=$events_problem
      tell_not_saved "$_status" || return
      begin_archived
      return
      ;;
  esac
  if [[ -n $may_ask ]]; then
    banner='the session that there was is in the archive'
  else
    cat "$save_scratch/problem" >&2
  fi
}

# A session of our own, and nobody else's, which may be the latest by now.
begin_first_save() {
  local _status
  while :; do
    _status=0
    save_begin scan "$save_scratch/first" || _status=$?
    case $_status in
      0) break ;;
      3 | 6) return "$WALK_RACED" ;;
    esac
    tell_not_saved "$_status" || return
  done
  if [[ $save_session != "import-$log_stamp" ]] || ! save_hold; then
    return "$WALK_RACED"
  fi
}

begin_resume() {
  local _status=0
  save_bind "$begin_found" 0
  save_hold || _status=$?
  case $_status in
    0) ;;
    "$BEGIN_HELD")
      save_bind '' ''
      begin_held
      return
      ;;
    3 | 6) return "$WALK_RACED" ;;
    *)
      events_note_lease
      explain_failure "$_status" begin_resume
      return
      ;;
  esac
  begin_ours
}

# The session is ours; how far it is, nobody else changes now.
begin_ours() {
  if ! save_know || [[ $save_session != "$begin_found" ]]; then
    return "$WALK_RACED"
  fi
  go_on
}

# Somebody else has the session open.
begin_held() {
  events_note_lease
  if [[ -z $may_ask ]]; then
    explain_failure "$BEGIN_HELD" begin_resume
    return
  fi
  step_title='open in another terminal'
  while :; do
    ask_drawn 'ask_box 66 held' '' l n t q
    case $answer in
      l) look_only && return "$WALK_QUIT" ;;
      n)
        begin_new
        return
        ;;
      t)
        save_bind "$begin_found" 0
        save_hold --take-over || return "$WALK_RACED"
        begin_ours
        return
        ;;
      q) return "$WALK_QUIT" ;;
    esac
  done
}

events_note_lease() {
  cat "$save_scratch/lease-problem" >"$save_scratch/problem"
  events_note_problem "$BEGIN_HELD"
}

# To see where somebody else is, without touching it.
look_only() {
  tab=ConfigHub
  step_title='looking only, nothing is saved'
  only_looked=yes
  while :; do
    ask_drawn 'ask_box 66 status' '[Enter] Look again    [Q] Quit' enter q
    [[ $answer != q ]] || return 0
  done
}

# The session is ours: reality is asked, and only then is anything of it changed.
go_on() {
  local _earlier _checked_step
  _earlier=$(session_get log_file --raw --default '')
  step=$(session_get_step)
  step_enter "$step"
  learn_context
  # there is nothing to go on with; its log stays the one to view
  [[ $step != complete ]] || return 0
  refuse_other_wishes || return
  log_begin
  log_head "$save_session" "$_earlier"
  log "resumed at $step"
  check_reality || return
  _checked_step=$events_step
  publish_again || return
  keep_new_log "$_earlier" && adopt_reality "$_checked_step"
}

# What was asked for by option is not what this session is about.
refuse_other_wishes() {
  local _namespaces _space _slug
  _namespaces=$(session_get 'selections.namespaces' --lines --default '')
  _space=$(session_get selections.app_space --lines --default '')
  _slug=$(term_lower "$wanted_space" | LC_ALL=C tr -cs 'a-z0-9' '-')
  if [[ ${#wanted_namespaces[@]} -gt 0 && -n $_namespaces ]] &&
    [[ $(sort -u <<<"$_namespaces") != "$(printf '%s\n' "${wanted_namespaces[@]}" | sort -u)" ]]; then
    events_problem="the session there is is about namespaces ${_namespaces//$'\n'/, }"
  elif [[ -n $wanted_space && -n $_space && $_slug != "$_space" ]]; then
    events_problem="the session there is is about App Space $_space"
  else
    return 0
  fi
  if [[ -n $may_ask ]]; then
    banner="$events_problem; --new begins another"
    wanted_namespaces=() wanted_space=''
    return 0
  fi
  events_problem+='; begin another with --new, or go on with it without these options'
  exit_status=6
  printf '%s: %s\n' "${0##*/}" "$events_problem" >&2
  return "$WALK_FAILED"
}

# Usage: publish_again; from here on whoever had the session before us is told at the next save.
publish_again() {
  local _status
  while :; do
    _status=0
    save_is_busy=yes
    session_resume "$save_session" --if-revision "$save_revision" \
      >/dev/null 2>"$save_scratch/save-problem" || _status=$?
    ((_status)) || save_bind "$save_session" $((save_revision + 1))
    save_done
    ((_status)) || break
    save_note_problem "$_status" "$step" "$save_scratch/no-data"
    save_unsaved=''
    tell_not_saved "$_status" || return
  done
  save_problem='' save_unsaved=''
}

# Usage: check_reality; asks cluster and ConfigHub, and shows what no longer holds.
check_reality() {
  local _status=0 _keep=$events_keep
  reality_data=''
  events_keep=keep_reality
  events_run "$step" 'Looking at what still holds' \
    session_check ${wanted_context:+--context "$wanted_context"} \
    --width "$(term_box_width 66)" || _status=$?
  events_keep=$_keep
  if ((_status == 6)); then
    refuse_cluster
  elif ((_status)); then
    explain_failure "$_status" check_reality
  elif [[ -n $may_ask && -n $events_box ]] && needs_telling; then
    ask "$events_box" '[Enter] Go on    [Q] Quit' enter q
    [[ $answer == enter ]] || return "$WALK_QUIT"
  fi
}

keep_reality() {
  reality_data=$2
}

# Whether some item of the report is not as it was.
needs_telling() {
  local _line
  for _line in ${events_told[@]+"${events_told[@]}"}; do
    [[ $_line == ok:* ]] || return 0
  done
  return 1
}

refuse_cluster() {
  if [[ -z $may_ask ]]; then
    printf '%s\n' "$events_box"
    exit_status=6
    printf '%s: %s\n' "${0##*/}" "$events_problem" >&2
    return "$WALK_FAILED"
  fi
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

# Usage: adopt_reality <step>; what is true now is saved, and the import goes on at the step.
adopt_reality() {
  [[ $1 != "$step" || -n $reality_data ]] || return 0
  log "goes on at $1"
  save_and_go "$1" ${reality_data:+"$reality_data"}
}
