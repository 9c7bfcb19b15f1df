#!/usr/bin/env bash
# What map and map-confighub share: how they begin and end, and how what they keep is saved. They
# look at things; nothing that goes wrong with a save keeps anybody from looking.

# shellcheck disable=SC2034,SC2154 # who sources this sets and reads the view_ variables

# shellcheck source=ask.sh
source "${BASH_SOURCE[0]%/*}/ask.sh"
# shellcheck source=version.sh
source "${BASH_SOURCE[0]%/*}/version.sh"

# the environment may have set it
set +o noclobber
# the pointer that this may name is that of an import
unset CONFIGHUB_SESSION_FILE

view_script=${0##*/}
view_is_once=''
view_is_demo=''
view_may_ask=''
view_problem=''
view_found=''
view_saved_file=''
view_saved=''
view_on_leave=:

# Usage: view_misuse <what is wrong>
view_misuse() {
  printf "%s: %s; see '%s --help'\n" "$view_script" "$1" "$view_script" >&2
  exit 2
}

# Usage: view_parse "<option with a value> ..." <argument> ...; each value goes to take_value.
view_parse() {
  local _with_value=" $1 " _name _value
  shift
  while (($#)); do
    _name=${1%%=*} _value=''
    case $1 in
      --once) view_is_once=yes ;;
      --demo) view_is_demo=yes ;;
      -h | --help)
        usage
        exit
        ;;
      -V | --version)
        tell_version "$view_script"
        exit
        ;;
      -*)
        [[ $_with_value == *" $_name "* ]] || view_misuse "unknown option $_name"
        if [[ $1 == *=* ]]; then
          _value=${1#*=}
        elif [[ ${2-} != -* ]]; then
          _value=${2-}
          shift
        fi
        [[ -n $_value ]] || view_misuse "$_name requires a value"
        take_value "$_name" "$_value"
        ;;
      *) view_misuse "unexpected argument '$1'" ;;
    esac
    shift
  done
}

# Usage: view_use_demo <folder of the script>; a cluster, a ConfigHub and sessions of its own.
view_use_demo() {
  local _home=${HOME:-}/.confighub/demo
  [[ -n ${HOME:-} ]] || view_misuse '--demo keeps its sessions in HOME, but HOME is not set'
  SESSION_DIR=$_home/sessions
  export DEMO_HOME=$_home
  export PATH="$1/demo:$1/../../.venv/bin:$PATH"
  (umask 077 && mkdir -p -- "$_home")
}

# Usage: view_begin <folder of the script>; makes ready what is needed, and the screen if there is
# somebody to look at it.
view_begin() {
  term_settle_locale
  [[ -z $view_is_demo ]] || view_use_demo "$1"
  if ! save_prepare; then
    printf '%s: cannot create a folder in %s; set TMPDIR to a writable folder\n' "$view_script" "${TMPDIR:-/tmp}" >&2
    exit 7
  fi
  term_begin_outputs "$save_scratch/aside"
  trap view_leave EXIT
  trap 'save_on_signal 130' INT
  trap 'save_on_signal 143' TERM
  trap 'save_on_signal 129' HUP
  view_learn_saved
  list_can_choose=''
  if [[ -z $view_is_once ]] && term_can_ask; then
    view_may_ask=yes
    term_open
  fi
}

# What was saved the last time: view_saved_file. Nothing can be shown without session-cli.
view_learn_saved() {
  local _status=0
  save_prepare_again
  view_saved_file=$save_scratch/saved
  session_get @ >"$view_saved_file" 2>"$save_scratch/problem" || _status=$?
  if ((_status == 127)); then
    events_note_problem "$_status"
    view_problem=$events_problem
    exit "$_status"
  fi
  ((_status == 0)) || printf '{}\n' >"$view_saved_file"
}

# Whatever the road out is: what can be saved is saved, the terminal put back.
view_leave() {
  local _status=$?
  ! term_was_closed || _status=129
  save_leave
  trap - EXIT
  term_leave
  save_pending=''
  save_prepare_again || term_aside=/dev/null
  events_stop
  [[ -z $view_may_ask ]] || "$view_on_leave" 2>>"$term_aside"
  term_close
  events_tell_aside
  [[ -z $view_problem ]] || printf '%s: %s\n' "$view_script" "$view_problem" >&2
  if [[ -n $save_problem ]]; then
    printf '%s: NOT SAVED: %s\n' "$view_script" "$save_problem" >&2
    ((_status)) || _status=7
  fi
  [[ -z $save_unsure ]] || printf '%s: %s\n' "$view_script" "$save_unsure" >&2
  # how something was looked at is not worth keeping in a file
  save_unsaved=''
  save_let_go
  exit "$_status"
}

# Usage: view_run <keep function> <title> <command> ...
#
# Runs a command that tells how it goes; the function is given the file with what it has to say.
# Without a screen the sign of life goes where the answer does not.
view_run() {
  local _status=0
  events_keep=$1
  shift
  if [[ -n $view_may_ask ]]; then
    events_run view "$@" || _status=$?
  elif [[ -t 2 ]]; then
    events_run view "$@" >&2 || _status=$?
  else
    events_run view "$@" >/dev/null || _status=$?
  fi
  ((_status != EVENTS_LEFT)) || exit 0
  return "$_status"
}

# Usage: view_go_to <row id>; puts the cursor there if the row is shown.
view_go_to() {
  local _place
  for ((_place = 0; _place < ${#list_shown[@]}; _place++)); do
    if [[ ${list_ids[${list_shown[_place]}]} == "$1" ]]; then
      list_cursor=$_place
      return 0
    fi
  done
}

# Usage: view_list <file with rows> [<row id> [<filter>]]; the list to browse, and the place in it.
view_list() {
  list_load "$1"
  list_filter=${3-}
  [[ -z $list_filter ]] || list_apply_filter
  view_go_to "${2-}"
}

# Usage: view_quote <text>; prints it as a JSON string. Rows are ASCII, so what is not finds nothing.
view_quote() {
  local LC_ALL=C
  save_quote "${1//[^ -~]/?}"
}

# Usage: view_object <name> <text> ...; prints a JSON object of texts.
view_object() {
  local _comma=''
  printf '{'
  while (($#)); do
    printf '%s"%s": %s' "$_comma" "$1" "$(view_quote "$2")"
    _comma=', '
    shift 2
  done
  printf '}'
}

# Usage: view_know; learns which session there is, if any.
view_know() {
  session_exists || return 0
  view_found=yes
  save_know 2>/dev/null
}

# Usage: view_keep <DATA>; saves it, unless it is what was saved last.
#
# When another program of the kind resumed the session, its view stays; ours is dropped, and
# list_message says so.
view_keep() {
  local _status=0 _file=$save_scratch/to-save
  save_prepare_again
  [[ -z $save_is_lost && $1 != "$view_saved" ]] || return 0
  printf '%s\n' "$1" 2>/dev/null >"$_file" || { save_problem="cannot write to $save_scratch" && return 7; }
  if [[ -n $save_session ]]; then
    save_step view "$_file" || _status=$?
  elif [[ -z $view_found ]] && session_exists; then
    save_is_lost=yes
  else
    save_begin view "$_file" || _status=$?
  fi
  if [[ -n $save_is_lost ]]; then
    save_problem='' save_unsaved=''
    list_message="another $view_script saved its view meanwhile; this one is not saved"
  elif ((_status == 0)); then
    save_problem='' save_unsaved=''
    view_saved=$1
    [[ -z $save_unsure ]] || list_message="! $save_unsure"
  else
    list_message="! view not saved: $save_problem"
  fi
  return "$_status"
}
