#!/usr/bin/env bash
# What map-import, map and map-confighub share: they are drawn by Python, in session_cli/tui. Bash
# reads the flags, finds an interpreter, starts the one process, hands signals on to it, and repairs
# the terminal if it was killed. Written for bash 3.2 and later.
#
# Who sources this has set `here`, the folder of the script, and CONFIGHUB_SESSION_TYPE; it defines
# `usage`, and `take <option> [<value>]`, which is given each option that was found.

# shellcheck disable=SC2154 # `here` is set by whoever sources this

# shellcheck source=session.sh
source "$here/lib/session.sh" || exit 1

start_script=${0##*/}
start_tree=${here%/*/*}
start_child=''
start_signal=''

# what the person typed to get here, where that is not the path of the script: `session-cli map`
start_called_as=${CONFIGHUB_CALLED_AS-}
unset CONFIGHUB_CALLED_AS

# Usage: start_how_called; prints the command that starts this program again from where the person is.
start_how_called() {
  local _path=./test/atk/$start_script
  if [[ -n $start_called_as ]]; then
    printf '%s' "$start_called_as"
    return
  fi
  if [[ ! $_path -ef $0 ]]; then
    _path=$0
    [[ $_path == */* ]] || _path=$PWD/$_path
  fi
  printf '%q' "$_path"
}

# Usage: start_misuse <what is wrong>
start_misuse() {
  printf "%s: %s; see '%s --help'\n" "$start_script" "$1" "${start_called_as:-$start_script}" >&2
  exit 2
}

# Usage: start_parse "<option> ..." "<option with a value> ..." <argument> ...
#
# Gives each to `take`. The value may come behind a `=` or as the next argument.
start_parse() {
  local _switches=" $1 " _with_value=" $2 " _name _value
  shift 2
  while (($#)); do
    _name=${1%%=*} _value=''
    case $1 in
      -h | --help)
        usage
        exit
        ;;
      -V | --version)
        start_tell_version
        exit
        ;;
      -*)
        if [[ $_switches == *" $1 "* ]]; then
          take "$1"
        elif [[ $_with_value != *" $_name "* ]]; then
          start_misuse "unknown option $1"
        else
          if [[ $1 == *=* ]]; then
            _value=${1#*=}
          elif [[ ${2-} != -* ]]; then
            _value=${2-}
            shift
          fi
          [[ -n $_value ]] || start_misuse "$_name requires a value"
          take "$_name" "$_value"
        fi
        ;;
      *) start_misuse "unexpected argument '$1'" ;;
    esac
    shift
  done
}

# Prints `map-import, version 0.2.0`: that of the tree that this file lies in.
start_tell_version() {
  local _line
  while IFS= read -r _line; do
    case $_line in
      '__version__ = "'*)
        _line=${_line#*\"}
        printf '%s, version %s\n' "$start_script" "${_line%%\"*}"
        return
        ;;
    esac
  done <"$start_tree/session_cli/__init__.py"
  printf '%s: cannot find its version in %s\n' "$start_script" "$start_tree" >&2
  exit 1
}

# Usage: start_has_terminal; whether there is somebody to ask.
start_has_terminal() {
  [[ -t 0 && -t 1 ]]
}

# A cluster, a ConfigHub, sessions and logs of its own; nothing is written yet.
start_use_demo() {
  local _home=${HOME:-}/.confighub/demo
  [[ -n ${HOME:-} ]] || start_misuse '--demo keeps its sessions in HOME, but HOME is not set'
  start_find_python
  SESSION_DIR=$_home/sessions
  SESSION_FILE=$SESSION_DIR/$SESSION_TYPE-latest.json
  # who plays two devices names one cluster and one ConfigHub for both
  export CONFIGHUB_LOG_DIR=$_home/logs DEMO_HOME=${DEMO_HOME:-$_home}
  # the demo's programs are run by a python3 of PATH: ours is one that is new enough
  export PATH="$here/demo:${start_python%/*}:$PATH"
}

start_make_demo_home() {
  (umask 077 && command mkdir -p -- "$DEMO_HOME")
}

# Takes C for a locale that is not installed, of which bash would complain at every change. What came
# over ssh with somebody is often such.
start_settle_locale() {
  start_locale_is_there || LC_ALL=C
} 2>/dev/null

start_locale_is_there() {
  # shellcheck disable=SC2269 # setting it is what bash complains of
  [[ -z ${LC_ALL:-} || -z $( (LC_ALL=$LC_ALL) 2>&1) ]]
}

# Puts an interpreter into start_python. It runs the tree of this file whatever SESSION_CLI says; a
# session-cli of PATH only lends its interpreter.
start_find_python() {
  SESSION_CLI='' __session_resolve || exit
  if ((${#__session_command[@]} < 2)); then
    __session_report_missing >&2
    exit 127
  fi
  start_python=${__session_command[0]}
}

# Usage: start_program <program> <called> <flag> ...; runs it, and exits with its exit code.
start_program() {
  local _program=$1 _called=$2 _modes _status _place=()
  shift 2
  start_find_python
  # without a HOME there is no folder, and Python knows the words for it
  __session_is_homeless || _place=(--dir "$SESSION_DIR" --file "$SESSION_FILE")
  # where one of them is closed, the next file that is opened would take its number
  [[ -e /dev/fd/0 ]] || exec </dev/null
  [[ -e /dev/fd/1 ]] || exec >/dev/null
  [[ -e /dev/fd/2 ]] || exec 2>/dev/null
  _modes=$(command stty -g 2>/dev/null)
  umask 077
  builtin trap 'start_hand_on TERM' TERM
  builtin trap 'start_hand_on HUP' HUP
  builtin trap 'start_hand_on INT' INT
  builtin trap 'start_hand_on QUIT' QUIT
  # in the background, so that a trap runs at once; in our process group, so that it has the terminal
  {
    # bash ignores both for what runs in the background
    builtin trap - INT QUIT
    # threads would each have memory of their own, of which much is not used
    MALLOC_ARENA_MAX=1 exec "$start_python" -I -S "$start_tree/session_cli/tui/__main__.py" "$_program" \
      ${_place[@]+"${_place[@]}"} --called "$_called" "$@"
  } <&0 &
  start_child=$!
  # what came before there was somebody to hand it on to
  [[ -z $start_signal ]] || start_hand_on "$start_signal"
  start_await
  _status=$?
  ((_status < 128)) || start_clean_up "$_status" "$_modes"
  exit "$_status"
}

# The exit code of Python, once it has ended. A wait that a trap interrupts says nothing about it.
start_await() {
  local _status _last=''
  while :; do
    start_signal=''
    builtin wait "$start_child" 2>/dev/null
    _status=$?
    if [[ -n $start_signal ]]; then
      _last=$start_signal
    elif ((_status < 128)) || ! builtin kill -0 "$start_child" 2>/dev/null; then
      break
    fi
  done
  # bash loses it where a signal comes in the moment in which Python ends
  if [[ -n $_last ]] && ((_status < 0 || _status == 127)); then
    _status=$((128 + $(builtin kill -l "$_last")))
  fi
  return "$_status"
}

# Usage: start_hand_on <signal>
start_hand_on() {
  start_signal=$1
  [[ -z $start_child ]] || builtin kill -s "$1" "$start_child" 2>/dev/null
}

# Usage: start_clean_up <exit code> <modes of the terminal before>
#
# Python puts the terminal back itself, unless it was killed: then it still is as for a screen.
start_clean_up() {
  if [[ -n $2 && $(command stty -g 2>/dev/null) != "$2" ]]; then
    command stty "$2" 2>/dev/null
    # leaves the alternate screen; shows the cursor; wraps; plain colours; arrows and keypad as usual;
    # no mouse, no focus events; a paste comes as it is
    printf '\e[23;2t\e[?1049l\e[?25h\e[?7h\e[0m\e[?1l\e>%s\e[?2004l' \
      $'\e[?1000l\e[?1002l\e[?1003l\e[?1004l\e[?1006l\e[?1015l' 2>/dev/null >/dev/tty
  fi
  case $1 in
    # nothing ends so but by a signal that it could not act on
    13[1-79])
      printf '%s: it was killed by signal %s; what was saved before is kept\n' \
        "$start_script" $(($1 - 128)) >&2
      ;;
  esac
}
