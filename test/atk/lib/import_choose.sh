#!/usr/bin/env bash
# Steps 1 to 3 of an import: what is there, what of it is to be imported, and into which App Space.

# shellcheck source=import_screen.sh
source "${BASH_SOURCE[0]%/*}/import_screen.sh"

# what the person said beforehand, by option
wanted_namespaces=()
wanted_context=''
wanted_space=''

# what the list at hand is about; an interrupted choice is saved under it
choosing=''

step_scan() {
  step_enter scan
  is_scanned || scan_cluster || return
  if [[ -z $may_ask || ${#wanted_namespaces[@]} -gt 0 ]]; then
    choose_wanted_namespaces || return
    [[ -n $may_ask ]] || return 0
  fi
  choose namespaces 'space choose  a all  / filter  enter continue  r rescan  v log  ? help  tab tabs  q quit'
}

is_scanned() {
  [[ -n $(session_get scan_result.scanned_at --raw --default '') ]]
}

scan_cluster() {
  persist '' '' events_run scan 'Scanning the cluster' \
    session_cluster scan ${wanted_context:+--context "$wanted_context"} && learn_context
}

# The namespaces that --namespace named: chosen outright without a terminal, else marked.
choose_wanted_namespaces() {
  local _chosen
  _chosen=$(session_get 'selections.namespaces[0]' --default '')
  if [[ -n $_chosen && ${#wanted_namespaces[@]} -eq 0 ]]; then
    save_and_go review
  elif ((${#wanted_namespaces[@]} == 0)); then
    events_problem='no namespace is chosen yet; choose one with --namespace'
    explain_failure 2 '' ''
  elif session_cluster choose namespaces "${wanted_namespaces[@]}" \
    >"$save_scratch/choice" 2>"$save_scratch/problem"; then
    if [[ -n $may_ask ]]; then
      save_or_tell scan "$save_scratch/choice" && wanted_namespaces=()
    else
      events_step=scan && events_say "namespaces ${wanted_namespaces[*]}"
      save_and_go review "$save_scratch/choice"
    fi
  else
    events_note_problem 2
    wanted_namespaces=()
    # whoever is there chooses from the list
    banner="! $events_problem"
    [[ -n $may_ask ]] || explain_failure 2 '' ''
  fi
}

step_review() {
  step_enter review
  # a state written by another program may contain the choice alone
  is_scanned || { save_and_go scan; return; }
  if [[ -z $may_ask ]]; then
    review_by_rule
  else
    choose workloads 'space choose  a all  / filter  enter continue  b back  v log  ? help  tab tabs  q quit'
  fi
}

# Without a terminal: what the list would have marked.
review_by_rule() {
  load_rows workloads && tell_left_out || return
  if ((list_chosen_count == 0)); then
    events_problem='no workload is left to import'
    explain_failure 9 '' ''
    return
  fi
  list_chosen >"$save_scratch/ids"
  session_cluster choose workloads --ids "$save_scratch/ids" >"$save_scratch/choice" || return
  events_step=review && events_say "workloads chosen: $list_chosen_count"
  save_and_go select "$save_scratch/choice"
}

# Without a terminal there is no list: prints what it would not have marked, and why.
tell_left_out() {
  local _row
  persist '' '' noted "$save_scratch/left-out" session_cluster rows left-out || return
  events_step=review
  while IFS= read -r _row; do events_say "${_row##*$'\t'}"; done <"$save_scratch/left-out"
}

# Usage: load_rows namespaces|workloads
load_rows() {
  show_busy "reading the $1"
  persist '' '' noted "$save_scratch/rows" session_cluster rows "$1" \
    --width "$((term_columns > 48 ? term_columns - 6 : 42))" && list_load "$save_scratch/rows"
}

# Usage: choose namespaces|workloads <hint>; lets the person choose from a list, and saves it.
choose() {
  load_rows "$1" || return
  choosing=$1
  list_hint=$2
  list_on_idle=keep_choice
  list_can_choose=yes
  list_message=$(partial_notice)
  [[ -n $list_message || $1 == namespaces ]] || list_message=$(taken_notice)
  ((${#list_ids[@]} > 0)) || list_message='no workloads were found; press r to scan again'
  local _status=1
  while ((_status == 1)); do
    list_run
    banner_was_seen
    _status=0
    answer_list "$1" || _status=$?
  done
  keep_choice
  choosing=''
  return "$_status"
}

# Usage: answer_list <what>; 0 when the step is done, 1 to go on choosing, else a WALK_ code.
answer_list() {
  case $list_key in
    enter) confirm_choice "$1" ;;
    tab)
      keep_choice
      tabs_show
      leave_if_asked || return
      return 1
      ;;
    r)
      [[ $1 == namespaces ]] || return 1
      keep_choice
      scan_cluster && load_rows namespaces || return
      return 1
      ;;
    b)
      [[ $1 == workloads ]] || return 1
      keep_choice
      save_and_go scan
      ;;
    v)
      view_log
      return 1
      ;;
    '?')
      show_keys
      return 1
      ;;
    lost) return "$WALK_FAILED" ;;
    q | gone) return "$WALK_QUIT" ;;
    *) return 1 ;;
  esac
}

confirm_choice() {
  local _next=review _what=namespaces
  if ((list_chosen_count == 0)) && [[ $1 == namespaces ]]; then
    list_toggle
  fi
  if ((list_chosen_count == 0)); then
    list_message='choose at least one: press space, or a for all'
    return 1
  fi
  [[ $1 == namespaces ]] || { _next=select && _what=workloads; }
  show_busy "saving the $_what"
  write_choice || {
    note_unwritten "$?"
    list_message="! $banner"
    return 1
  }
  log "$_what chosen: $list_chosen_count"
  list_is_changed=''
  save_and_go "$_next" "$save_scratch/choice"
}

write_choice() {
  save_prepare_again
  write_choice_there
}

write_choice_there() {
  list_chosen >"$save_scratch/ids" &&
    session_cluster choose "$choosing" --ids "$save_scratch/ids" >"$save_scratch/choice"
} 2>"$save_scratch/problem"

# Saves what is marked and not confirmed yet, too: choosing it took time.
keep_choice() {
  [[ -n $choosing && -n $list_is_changed && -z $save_is_lost ]] || return 0
  local _status=0
  write_choice || _status=$?
  if ((_status)); then
    note_unwritten "$_status"
  elif keep_or_note "$step" "$save_scratch/choice"; then
    list_is_changed=''
    return
  fi
  # somebody else has the session now: the person is to know at once
  # shellcheck disable=SC2034 # map-import reads it
  [[ -z $save_is_lost ]] || { exit_status=6 && list_key=lost; }
  return 1
}

# Usage: note_unwritten <exit code>; the choice could not even be put into a file.
note_unwritten() {
  events_problem=''
  events_note_problem "$1"
  save_problem=$events_problem
  # the session no longer exists: it was cleared, archived or deleted
  (($1 != 3)) || save_is_lost=yes
  # shellcheck disable=SC2034 # map-import reads it
  save_unsaved=''
  banner="NOT SAVED: $save_problem"
}

partial_notice() {
  local _partial
  _partial=$(session_get 'scan_result.partial[0]' --lines --default '')
  [[ -z $_partial ]] || printf '! partial scan: %s' "$_partial"
}

# What is in ConfigHub already cannot be chosen, and may not be in sight.
taken_notice() {
  local _mark _taken=0
  for _mark in ${list_marks[@]+"${list_marks[@]}"}; do
    [[ $_mark != - ]] || _taken=$((_taken + 1))
  done
  ((_taken == 0)) || printf '%s marked [-] already in ConfigHub, and left out' "$_taken"
}

step_select() {
  step_enter select
  local _name=$wanted_space
  if [[ -z $may_ask ]]; then
    keep_space "$_name" && events_step=select && tell_slug "$_name" &&
      events_say "App Space $(session_get selections.app_space --lines)" && save_and_go connect
    return
  fi
  wanted_space=''
  [[ -z $_name ]] || offer_space "$_name" || return
  while :; do
    ask_in_step 'ask_box 66 step select' '[Enter] Confirm    [E] Edit    [B] Back' enter e b || return
    case $answer in
      enter)
        keep_space '' && save_and_go connect
        return
        ;;
      e) edit_space || return ;;
      b)
        save_and_go review
        return
        ;;
    esac
  done
}

edit_space() {
  local _status=0
  ask_text 'App Space (letters, digits and -)' "$(session_cluster app-space --slug)" || _status=$?
  case $_status in
    0) [[ -z $text_typed ]] || offer_space "$text_typed" ;;
    "$EVENTS_LEFT") return "$WALK_QUIT" ;;
  esac
}

# Usage: offer_space <name>; saves the name that the person gave; one that is not valid is reported.
offer_space() {
  if choose_space "$1"; then
    save_or_tell select "$save_scratch/choice" && tell_slug "$1"
  else
    banner="! $events_problem"
  fi
}

# Usage: keep_space <name>; saves the App Space, the suggested one without a name.
keep_space() {
  persist '' '' choose_space "$1" && save_or_tell select "$save_scratch/choice"
}

choose_space() {
  show_busy 'naming the Units'
  noted "$save_scratch/choice" session_cluster app-space ${1:+"$1"}
}

# Usage: tell_slug <name>; ConfigHub may use another name for the App Space than the person.
tell_slug() {
  local _slug
  _slug=$(session_get selections.app_space --lines --default '')
  [[ -n $1 && $_slug != "$1" ]] || return 0
  banner="its name in ConfigHub is $_slug"
  [[ -n $may_ask ]] || { events_step=select && events_say "$banner"; }
}
