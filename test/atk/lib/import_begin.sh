#!/usr/bin/env bash
# How an import begins: anew, or where somebody left it; and who may have it.

# shellcheck disable=SC2034,SC2119,SC2154 # map-import shares its flags; functions take options, too

# shellcheck source=import_resume.sh
source "${BASH_SOURCE[0]%/*}/import_resume.sh"

# session-cli says with it that somebody else has the session open
BEGIN_HELD=5
only_looked=''
# the session that was there when we looked, and whether anything was
begin_found=''
begin_revision=''
begin_exists=''

# how it begins: resume, new, ask or show
how=''

# Usage: learn_how; decides it from what was asked for and what there is.
learn_how() {
  how=$(in_our_name session_start ${asked:+"$asked"} ${is_yes:+--no-ask}) || exit
  if [[ $how == new && -n $is_yes && -n $is_demo && ${#wanted_namespaces[@]} -eq 0 ]]; then
    wanted_namespaces=(order-prod payment-prod)
  fi
  if [[ $how == new && -n $is_yes && ${#wanted_namespaces[@]} -eq 0 ]]; then
    misuse '--yes requires --namespace for a new session'
  fi
}

# Usage: in_our_name <command> ...; what it complains of names this program as it was called.
in_our_name() {
  local _line
  { "$@" 2>&1 >&4 4>&- | while IFS= read -r _line; do
    _line=${_line/.\/test\/atk\/map-import/"$script"}
    printf '%s\n' "$_line" >&2
  done; } 4>&1
}

# Usage: begin; as it was decided, and again when somebody else was quicker.
begin() {
  local _status=$WALK_RACED
  while ((_status == WALK_RACED)); do
    _status=0
    begin_look
    # there was none, or it was complete, when it was decided
    [[ $how != new || $asked == --new || -z $begin_exists ]] || learn_how
    case $how in
      new) begin_new ;;
      resume) begin_resume ;;
      show) begin_show ;;
      ask) begin_asking ;;
    esac || _status=$?
    ((_status != WALK_RACED)) || begin_raced || return
  done
  return "$_status"
}

# Reads which session there is now: only that one is deleted, archived or resumed, whatever happens
# meanwhile.
begin_look() {
  begin_found='' begin_exists=''
  ! session_exists || begin_exists=yes
  if [[ -n $begin_exists ]] && { save_know 2>/dev/null || begin_adopted; }; then
    begin_found=$save_session
    begin_revision=$save_revision
  fi
  # it is not ours yet
  save_bind '' ''
}

# A state written by another program may have no id yet; a save gives it one.
begin_adopted() {
  local _step
  _step=$(session_get_step 2>/dev/null)
  [[ $_step != none && $_step != null ]] || return 1
  session_save "$_step" '{}' 2>/dev/null && save_know 2>/dev/null
}

# Somebody was quicker: what was found is not the latest any more. The person is asked again.
begin_raced() {
  save_bind '' ''
  save_problem='' save_unsaved='' save_is_lost=''
  events_problem='another import was started or resumed meanwhile'
  if [[ -z $may_ask ]]; then
    exit_status=6
    printf '%s: %s; see it with --status\n' "${0##*/}" "$events_problem" >&2
    return "$WALK_FAILED"
  fi
  banner=$events_problem
  how=new
  ! session_exists || how=ask
}

# A complete import is looked at, and nothing of it changes: unless something of it is gone.
begin_show() {
  only_looked=yes
  learn_context
  step=complete
  step_title=$(step_label complete)
  persist '' '' ask_reality || return
  if [[ -n $may_ask && -n $events_box ]]; then
    ask_is_grave=yes
    ask "$events_box" '[Enter] Continue    [N] New session    [Q] Quit' enter n q
    reality_shown=$events_box
    case $answer in
      n) return "$WALK_NEW" ;;
      q) return "$WALK_QUIT" ;;
    esac
  fi
  if [[ $events_step == complete ]]; then
    [[ -n $may_ask ]] || session_render status
    return 0
  fi
  only_looked=''
  begin_resume
}

begin_asking() {
  step_title='session found'
  learn_context
  ask_is_grave=yes
  ask_drawn 'ask_box 61 resume-prompt' '[V] View log    [Q] Quit' r n d v enter q
  case $answer in
    r | enter) begin_resume ;;
    n) begin_new_if_meant ;;
    d) begin_deleted_if_meant ;;
    v) view_log && begin_asking ;;
    q) return "$WALK_QUIT" ;;
  esac
}

begin_new_if_meant() {
  ask_new || return
  if [[ $answer == y ]]; then begin_new; else begin_asking; fi
}

# Nothing is deleted on one key, and nothing at all that somebody else has open.
begin_deleted_if_meant() {
  local _status=0
  persist '' '' begin_is_free && ask_delete || _status=$?
  case $_status in
    0) if [[ $answer == y ]]; then begin_deleted; else begin_asking; fi ;;
    "$WALK_HELD") begin_held ;;
    *) return "$_status" ;;
  esac
}

# Whether nobody else has the session that was found; it is not held any longer than to see that.
begin_is_free() {
  [[ -n $begin_found ]] || return 0
  local save_session=$begin_found
  of_found save_hold && exec 9>&-
}

# What is asked about is what was found, or somebody was quicker.
ask_delete() {
  learn_stake
  [[ -z $stake_of || $stake_of == "$begin_found $begin_revision" ]] || return "$WALK_RACED"
  ask_if_meant "Delete ${begin_found:-the session}${stake:+ ($stake)}?" \
    'Units in ConfigHub are not deleted. The session cannot be restored.' '[Y] Delete'
}

begin_deleted() {
  local _status=0
  persist '' '' delete_found || _status=$?
  case $_status in
    0)
      begin_exists=''
      begin_new
      ;;
    "$WALK_HELD") begin_held ;;
    *) return "$_status" ;;
  esac
}

delete_found() {
  of_found session_delete ${begin_found:+"$begin_found" --if-revision "$begin_revision"} \
    2>"$save_scratch/lease-problem"
}

# Usage: of_found <command> ...; does something to the session that was found, if it still is there
# and nobody else has it.
of_found() {
  local _status=0
  "$@" || _status=$?
  case $_status in
    3 | 6) return "$WALK_RACED" ;;
    "$BEGIN_HELD") return "$WALK_HELD" ;;
  esac
  ((_status == 0)) || events_note_lease
  return "$_status"
}

begin_new() {
  [[ -z $begin_exists ]] || begin_archived || return
  # the one that this program had before it began again
  [[ -z $archived_before ]] || tell_archived "$archived_before"
  archived_before=''
  log_begin "$begin_found"
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
    tell_archived "$begin_found"
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
  banner_is_saved
  if [[ $save_session != "import-$log_stamp" ]] || ! save_hold; then
    # nothing is in it, and it is not the latest any more
    session_delete "import-$log_stamp" 2>/dev/null
    return "$WALK_RACED"
  fi
}

begin_resume() {
  local _status=0
  save_bind "$begin_found" 0
  persist '' '' of_found save_hold || _status=$?
  case $_status in
    0) begin_ours ;;
    "$WALK_HELD")
      save_bind '' ''
      begin_held
      ;;
    *) return "$_status" ;;
  esac
}

# The other terminal may save once more before we publish the session; then that save is resumed.
begin_taken_over() {
  local _try _status
  for _try in 1 2 3; do
    _status=0
    if ! save_know || [[ $save_session != "$begin_found" ]]; then
      return "$WALK_RACED"
    fi
    publish || _status=$?
    ((_status == 6)) || break
  done
  go_on
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
    explain_failure "$BEGIN_HELD" '' ''
    return
  fi
  step_title='open in another terminal'
  while :; do
    ask_is_grave=yes
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
        begin_taken_over
        return
        ;;
      q) only_looked=yes && return "$WALK_QUIT" ;;
    esac
  done
}

events_note_lease() {
  cat "$save_scratch/lease-problem" >"$save_scratch/problem"
  events_note_problem "$BEGIN_HELD"
  # what it advises is for scripts
  events_problem=${events_problem%%; leave it there*}
  events_problem=${events_problem#not saved: }
}

# To see where somebody else is, without touching it.
look_only() {
  tab=ConfigHub
  step_title='read-only, nothing is saved'
  only_looked=yes
  while :; do
    ask_drawn 'ask_box 66 status' '[Enter] Refresh    [Q] Quit' enter q
    [[ $answer != q ]] || return 0
  done
}
