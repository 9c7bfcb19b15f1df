#!/usr/bin/env bash
# What map-import shows around its steps: the three tabs, questions, and what went wrong.
#
# A step returns 0 when it is done, then `step` is the next one; else one of the WALK_ codes.

# shellcheck disable=SC2034,SC2119 # who sources this reads the answers and the WALK_ codes

# shellcheck source=ask.sh
source "${BASH_SOURCE[0]%/*}/ask.sh"

WALK_QUIT=20
WALK_NEW=21
WALK_FAILED=22
WALK_RACED=23
WALK_HELD=24

step=scan
step_title=''
step_names=()
step_labels=()
tab=Import
context=''
banner=''
may_ask=''
script=''
exit_status=0
stake='' stake_of='' has_stake=''
# what this very program put into the archive before it began again
archived_before=''
list_head=tabs_head

# Usage: how_called; prints the command that starts this program again from where the person is.
how_called() {
  local _path=./test/atk/map-import
  if [[ ! $_path -ef $0 ]]; then
    _path=$0
    [[ $_path == */* ]] || _path=$PWD/$_path
  fi
  printf '%q' "$_path"
}

# Usage: steps_learn; asks for the steps and their labels, once.
steps_learn() {
  local _line _lines
  _lines=$(session_steps) || return
  while IFS= read -r _line; do
    step_names+=("${_line%%$'\t'*}")
    step_labels+=("${_line#*$'\t'}")
  done <<<"$_lines"
}

# Usage: step_label <step>; prints `Review workloads (step 2 of 7)`.
step_label() {
  local _index
  for ((_index = 0; _index < ${#step_names[@]}; _index++)); do
    if [[ ${step_names[_index]} == "$1" ]]; then
      printf '%s (step %s of %s)' "${step_labels[_index]}" $((_index + 1)) ${#step_names[@]}
      return 0
    fi
  done
  # what comes after all of them
  printf '%s' "${1/#complete/Complete}"
}

# Usage: learn_context; the cluster's name, in printable ASCII.
learn_context() {
  local LC_ALL=C
  context=$(session_get cluster_context --lines --default '')
  context=${context//[^ -~]/?}
}

# The head of every screen.
tabs_head() {
  local _name _tabs='  Tab:'
  for _name in Cluster ConfigHub Import; do
    if [[ $_name == "$tab" ]]; then
      _tabs+=" ${term_reverse}[$_name]$term_plain"
    else
      _tabs+=" [$_name]"
    fi
  done
  term_line "  ${term_bold}CONFIGHUB MAP${term_plain}   ${context:-no cluster yet}"
  term_line "$_tabs"
  term_line "  $term_dim$tab: $step_title"
  [[ -z $banner ]] || tabs_banner
  term_line
}

# All of it can be read, and what is to be typed can be copied.
tabs_banner() {
  local _line
  term_fold ' ' "$banner"
  for _line in "${term_folded[@]}"; do term_line "$term_bold$_line"; done
}

# Usage: step_enter <step>; says where we are from now on.
step_enter() {
  step=$1
  step_title=$(step_label "$step")
  show_busy 'loading'
}

# Usage: tabs_show; the tabs beside Import, until the person is back in it.
#
# Sets answer to new when a new session was asked for, to quit to leave, else to nothing.
tabs_show() {
  tab=Cluster
  answer=''
  while [[ $tab != Import ]]; do
    ask_drawn "ask_box 100 tab $(term_lower "$tab")" '[Tab] Next tab    [Q] Quit' tab 1 2 3 r n v i h q
    case $answer in
      tab) tabs_next ;;
      1) tab=Cluster ;;
      2) tab=ConfigHub ;;
      3 | r) tab=Import ;;
      v) view_log ;;
      h) view_in_confighub ;;
      n | i)
        ask_new
        case $answer in
          y) tab=Import && answer=new && return 0 ;;
          q) tab=Import && answer=quit && return 0 ;;
        esac
        ;;
      q) tab=Import && answer=quit && return 0 ;;
    esac
  done
  answer=''
}

# What would be lost with the session, in words: stake. It is that of a session and a revision,
# stake_of. With has_stake unset it is over, or nothing was chosen yet.
learn_stake() {
  local _id _revision _units _workloads _namespaces _step _facts _part
  stake='' stake_of='' has_stake=yes
  _facts=$(session_get "join(' ', [session_id, to_string(revision || \`0\`),
    to_string(length(confighub.units_created || confighub.units_pending || \`[]\`)),
    to_string(length(selections.selected_workloads || \`[]\`)),
    to_string(length(selections.namespaces || \`[]\`)), step])" --lines 2>/dev/null) || return 0
  read -r _id _revision _units _workloads _namespaces _step <<<"$_facts"
  stake_of="$_id $_revision"
  _part=$(counted_stake "$_units" "$_workloads" "$_namespaces")
  stake="at $(step_number "$_step")${_part:+, $_part}"
  [[ -n $_part && $_step != complete ]] || has_stake=''
}

# Usage: counted_stake <Units> <workloads> <namespaces>; prints the best of them, `9 Units in ConfigHub`.
counted_stake() {
  if (($1)); then
    printf '%s Unit%s in ConfigHub' "$1" "$(plural "$1")"
  elif (($2)); then
    printf '%s workload%s chosen' "$2" "$(plural "$2")"
  elif (($3)); then
    printf '%s namespace%s chosen' "$3" "$(plural "$3")"
  fi
}

plural() {
  (($1 == 1)) || printf 's'
}

# Usage: step_number <step>; prints `step 2`, or the name of a step that is none of ours.
step_number() {
  local _index
  for ((_index = 0; _index < ${#step_names[@]}; _index++)); do
    [[ ${step_names[_index]} != "$1" ]] || { printf 'step %s' "$((_index + 1))" && return; }
  done
  printf "step '%s'" "$1"
}

# Usage: ask_new; whether a new session is meant, where that puts one aside that somebody worked on:
# answer is y, b or q.
ask_new() {
  learn_stake
  answer=y
  [[ -n $has_stake ]] || return 0
  [[ -n $stake ]] || stake_of='the existing session'
  ask_if_meant "Start a new import? This archives ${stake_of% [0-9]*}${stake:+ ($stake)}." \
    '' '[Y] New session'
}

# Usage: ask_if_meant <question> <remark> <what y does>; answer is y, b or q.
ask_if_meant() {
  ask_is_grave=yes
  ask "$(ask_fold "$1")${2:+$'\n\n'$(ask_fold "$2")}" "$3    [B] Back    [Q] Quit" y b escape q
  case $answer in
    escape) answer=b ;;
    q) return "$WALK_QUIT" ;;
  esac
}

# Usage: tell_archived <session>; says how to come back to it.
tell_archived() {
  banner='the previous session is archived'
  [[ -z $1 ]] || banner="the previous session is archived; resume it with: $(save_command) resume $1"
}

tabs_next() {
  case $tab in
    Cluster) tab=ConfigHub ;;
    *) tab=Import ;;
  esac
}

view_log() {
  local _log
  _log=$(session_get log_file --lines --default '')
  term_close
  log_view "$_log" || { printf 'Press Enter to continue. ' && IFS= read -r _; }
  term_open
}

view_in_confighub() {
  local _server _space
  _server=$(session_get confighub.server --lines --default 'https://hub.confighub.com')
  _space=$(session_get selections.app_space --lines --default '')
  ask "  See ${_space:+App Space $_space at }$_server" '[Enter] Back' enter tab q
}

# Usage: leave_if_asked; fails with what was asked for in another tab.
leave_if_asked() {
  case $answer in
    new) return "$WALK_NEW" ;;
    quit) return "$WALK_QUIT" ;;
  esac
}

# Usage: ask_in_step <command that draws> <hint> <key> ...
#
# Asks as ask_drawn does; log and tabs, which every step has, are shown before there is an answer.
ask_in_step() {
  while :; do
    ask_drawn "$1" "${2:+$2    }[Tab] Tabs    [Q] Quit" "${@:3}" v tab q
    case $answer in
      v) view_log ;;
      tab) tabs_show && leave_if_asked || return ;;
      q) return "$WALK_QUIT" ;;
      *)
        banner_was_seen
        return 0
        ;;
    esac
  done
}

# Usage: save_and_go <step> [<file with DATA>]; saves, and that is the step from now on.
save_and_go() {
  save_or_tell "$@" && step=$1
}

# Usage: save_or_tell <step> [<file with DATA>]; saves, as often as the person wants to try.
save_or_tell() {
  local _status
  while :; do
    _status=0
    save_step "$@" || _status=$?
    if ((_status == 0)); then
      banner_is_saved
      return 0
    fi
    tell_not_saved "$_status" || return
  done
}

# What was not saved a moment ago is saved now, if it is.
banner_is_saved() {
  [[ -n $save_problem || $banner != 'NOT SAVED'* ]] || banner=''
  [[ -z $save_unsure ]] || banner="! $save_unsure"
}

# Somebody who looked at it pressed a key.
banner_was_seen() {
  [[ $banner == 'NOT SAVED'* ]] || banner=''
}

# Usage: tell_not_saved <exit code>; succeeds when the person wants to try again.
tell_not_saved() {
  exit_status=$1
  if [[ -n $save_is_lost || -z $may_ask ]]; then
    return "$WALK_FAILED"
  fi
  banner='NOT SAVED'
  ask_is_grave=yes
  ask_drawn not_saved_box '[T] Try again    [Q] Quit' t q
  [[ $answer == t ]] || return "$WALK_FAILED"
  exit_status=0
}

not_saved_box() {
  if [[ -n $save_is_lost ]]; then
    session_render taken-over --session "$save_session" --own-pid "$$" --script "$script" \
      --command "$(save_command)" --width "$(term_box_width 66)" 2>&1
    return
  fi
  session_render not-saved --reason "$save_problem" --script "$script" \
    --width "$(term_box_width 61)" 2>&1
}

# Usage: keep_or_note <step> <file with DATA>; saves on the side: a failure is shown as a banner.
keep_or_note() {
  if save_step "$@"; then
    banner_is_saved
  else
    banner="NOT SAVED: $save_problem"
    [[ -z $save_is_lost ]] || banner='another terminal resumed this session'
    return 1
  fi
}

# Usage: persist <further key> <what it does> <command> ...
#
# Runs the command until it succeeds. Each failure is explained, and the person tries again, leaves,
# or presses the further key, if there is one: then that is in answer, which else is empty.
persist() {
  local _status
  while :; do
    _status=0
    "${@:3}" || _status=$?
    answer=''
    if ((_status == 0)); then
      banner_is_saved
      return 0
    fi
    explain_failure "$_status" "$1" "$2" || return
    [[ $answer == r ]] || return 0
  done
}

# Usage: explain_failure <exit code> <further key> <what it does>
#
# Says why something failed: events_problem. Succeeds when the person wants to go on, with r or the
# further key in answer; without a terminal never.
explain_failure() {
  local _kind
  answer=r
  # there is no session any more, and ours was one
  [[ $1 != 3 || -z $save_session ]] || set -- 6 "${@:2}"
  _kind=$1
  # the session is still ours where it is the cluster that is another
  [[ $events_problem != 'another cluster answers as '* ]] || _kind=elsewhere
  case $_kind in
    "$EVENTS_LEFT") return "$WALK_QUIT" ;;
    "$WALK_QUIT" | "$WALK_NEW" | "$WALK_FAILED" | "$WALK_RACED" | "$WALK_HELD") return "$1" ;;
    6 | 7)
      # everything is bound to our session: it is refused when another terminal resumed or archived
      # that session
      (($1 == 7)) || save_is_lost=yes
      : "${save_problem:=$events_problem}"
      tell_not_saved "$1" || return
      answer=r
      return 0
      ;;
  esac
  if [[ -z $may_ask ]]; then
    exit_status=$1
    printf '%s: %s\n' "${0##*/}" "$events_problem" >&2
    return "$WALK_FAILED"
  fi
  ask_is_grave=yes
  ask_in_step failure_text "[R] Try again${3:+    $3}" r ${2:+"$2"}
}
