#!/usr/bin/env bash
# Session state for scripts: source this file, then call session_init, session_exists, session_load,
# session_save, session_clear and session_get_step. JSON, locks and links are session-cli's work;
# what nobody changed since session-cli wrote it is read right here, because that needs no process.
#
# It defines session_*, __session_* and SESSION_*, sets nothing else, and prints nothing.
# Written for bash 3.2 and later, with and without set -euo pipefail. Locals begin with _, because no
# local can have the name of something that the calling script made readonly.

if [ -z "${BASH_VERSION:-}" ]; then
  echo "session.sh: it is written for bash; run the script that sources it with bash" >&2
  return 1
fi

# A second source changes nothing; functions without their variables come from `export -f`.
if declare -F __session_run >/dev/null && [[ -n ${__session_place+set} ]]; then
  return 0
fi

SESSION_TYPE="${CONFIGHUB_SESSION_TYPE:-import}"
SESSION_DIR="${CONFIGHUB_SESSION_DIR:-${HOME:-}/.confighub/sessions}"
SESSION_FILE="${CONFIGHUB_SESSION_FILE:-$SESSION_DIR/$SESSION_TYPE-latest.json}"

__session_place=""
__session_default_file="$SESSION_DIR/$SESSION_TYPE-latest.json"
__session_resolved_for=""
__session_command=()
__session_call=()
__session_state=""
__session_sees_nanoseconds=""
if ((BASH_VERSINFO[0] > 4 || (BASH_VERSINFO[0] == 4 && BASH_VERSINFO[1] >= 3))); then
  __session_sees_nanoseconds=yes
fi
case "${BASH_SOURCE[0]}" in
  /*) __session_source="${BASH_SOURCE[0]}" ;;
  *) __session_source="$PWD/${BASH_SOURCE[0]}" ;;
esac

# Usage: session_init
#
# Makes the sessions folder, for you alone, and archives what is too old.
session_init() {
  __session_run init </dev/null
}

# Usage: session_exists
#
# Succeeds when session_load would print a session.
session_exists() {
  # scripts ask this often, so it looks at the disk as little as it can: what is ours and as old as
  # the seal is there to be loaded
  [[ -s "$SESSION_FILE" && -O "$SESSION_FILE" && -O "$SESSION_DIR" &&
    ! "$SESSION_FILE" -nt "$SESSION_DIR/.$SESSION_TYPE-seal" &&
    ! "$SESSION_DIR/.$SESSION_TYPE-seal" -nt "$SESSION_FILE" ]] &&
    [ "$SESSION_DIR/$SESSION_TYPE${SESSION_CLI-}" = "$__session_place" ] ||
    __session_exists_otherwise
}

# Usage: session_load
#
# Prints the latest state, byte for byte; nothing when there is none.
session_load() {
  if __session_is_absent; then
    return 0
  fi
  # 2>/dev/null: a bash that lacks the caller's locale says so when ours ends
  if ! __session_is_sealed || ! __session_read 2>/dev/null; then
    __session_run load </dev/null
  elif [[ -z "$__session_is_cut" ]]; then
    printf '%s' "$__session_state"
  elif type -P cat >/dev/null; then
    command cat <"$SESSION_FILE"
  else
    __session_run load </dev/null
  fi
}

# Usage: session_save <step> [<json object>|-] [--session <id>] [--if-revision <n>]
#
# Merges the object into the state, moves it to the step and saves; "-" reads the object from stdin.
session_save() {
  __session_prepare || return
  if [[ "${2-}" == - ]]; then
    "${__session_call[@]}" save "${@:3}" -- "$1" -
  elif [[ -n "${2-}" ]]; then
    # the arguments of a program can be read by every user of the machine, a pipe by nobody else;
    # how it went is for session-cli to say, also when it ends before it has read all
    {
      trap '' PIPE
      printf '%s' "$2" 2>/dev/null || :
    } | "${__session_call[@]}" save "${@:3}" -- "$1" -
  else
    "${__session_call[@]}" save "${@:3}" -- "${1-}" </dev/null
  fi
}

# Usage: session_clear
#
# Ends the latest session; its snapshots stay, and `session-cli resume ID` brings it back.
session_clear() {
  if __session_is_absent; then
    return 0
  fi
  __session_run clear </dev/null
}

# Usage: session_get_step
#
# Prints the step of the latest session, "none" without one.
session_get_step() {
  local _step
  if __session_is_absent; then
    printf 'none\n'
  elif __session_is_sealed && __session_read 2>/dev/null && __session_step 2>/dev/null; then
    printf '%s\n' "$_step"
  else
    __session_run get-step </dev/null
  fi
}

# Usage: session_get <jmespath> [--raw] [--lines] [--default <value>]
#
# Prints one value of the state, such as session_get selections.app_space --lines.
session_get() { __session_run get "$@" </dev/null; }

# Usage: session_status | session_list | session_history [...]
#
# Where you are, which sessions there are, and the snapshots of one.
session_status() { __session_run status "$@" </dev/null; }
session_list() { __session_run list "$@" </dev/null; }
session_history() { __session_run history "$@" </dev/null; }

# Usage: session_resume [<id>] | session_rollback <revision> | session_new | session_delete [<id>]
#
# Resumes a session, goes back in it, archives it, or removes it for good.
session_resume() { __session_run resume "$@" </dev/null; }
session_rollback() { __session_run rollback "$@" </dev/null; }
session_new() { __session_run new "$@" </dev/null; }
session_delete() { __session_run delete --yes "$@" </dev/null; }

# Usage: session_sync [<id> | --all | status]
#
# Sends what was saved here to the hub, and pulls what another device saved; the end of a CI job.
session_sync() { __session_run sync "$@" </dev/null; }

# Usage: session_render <box> [--width <columns>]; `session-cli render --help` lists the boxes.
#
# Prints one of the boxes of the terminal programs.
session_render() { __session_run render "$@" </dev/null; }

# Usage: session_start | session_steps | session_check | session_cluster | session_confighub [...]
#
# What an import asks: how to begin, the steps, what still holds, the cluster and ConfigHub.
session_start() { __session_run start "$@" </dev/null; }
session_steps() { __session_run steps "$@" </dev/null; }
session_check() { __session_run check "$@" </dev/null; }
session_cluster() { __session_run cluster "$@" </dev/null; }
session_confighub() { __session_run confighub "$@" </dev/null; }

# Usage: session_lease [--take-over]
#
# Holds the latest session for as long as this shell lives, on descriptor 9; exit 5 and a line that
# says who has it when another program does. Start background children with `9>&-`.
session_lease() {
  local _file="$SESSION_DIR/.lease/shell-$$"
  # else session-cli says what is wrong, and nothing is made where it would not look
  if session_exists 2>/dev/null; then
    (umask 077 && mkdir -p -- "$SESSION_DIR/.lease" && : >>"$_file") && exec 9>>"$_file" || return 7
  fi
  __session_run lease --fd 9 "$@" </dev/null
}

__session_exists_otherwise() {
  ! __session_is_absent && __session_run exists </dev/null
}

# SESSION_DIR or SESSION_TYPE was changed: the pointer goes along, unless it was set apart. The place
# is known from then on, if it is one; not with [[, to which the caller may teach that a is A.
__session_follow() {
  if [ "$SESSION_DIR/$SESSION_TYPE" = "$__session_place" ]; then
    return
  fi
  SESSION_TYPE="${SESSION_TYPE:-import}"
  if [ "$SESSION_FILE" = "$__session_default_file" ]; then
    SESSION_FILE="$SESSION_DIR/$SESSION_TYPE-latest.json"
    __session_default_file="$SESSION_FILE"
  fi
  __session_place=""
  if __session_is_type && ! __session_is_homeless; then
    __session_place="$SESSION_DIR/$SESSION_TYPE"
  fi
}

__session_is_type() {
  [ "$SESSION_TYPE" = import ] || [ "$SESSION_TYPE" = map ] || [ "$SESSION_TYPE" = confighub ]
}

# Whether the folder would lie in a HOME that there is not.
__session_is_homeless() {
  [[ "${HOME:-}" != /* ]] && [ "$SESSION_DIR" = "${HOME:-}/.confighub/sessions" ]
}

# Whether nothing at all stands at the pointer; SESSION_CLI may look somewhere else than we do.
__session_is_absent() {
  __session_follow
  [[ -z "${SESSION_CLI:-}" ]] && __session_is_type || return 1
  if __session_is_homeless; then
    return 0
  fi
  [[ ! -e "$SESSION_FILE" && ! -L "$SESSION_FILE" ]] || return 1
  [[ ! -e "$SESSION_DIR" || -O "$SESSION_DIR" ]] || return 1
  __session_is_in_reach "$SESSION_DIR" && __session_is_in_reach "${SESSION_FILE%/*}"
}

# Whether the folder could be looked into: below one that we may not enter, anything could be there.
__session_is_in_reach() {
  local _place="$1"
  while [[ ! -e "$_place" && "$_place" == */* ]]; do
    _place="${_place%/*}"
  done
  [[ ! -d "${_place:-/}" || -x "${_place:-/}" ]]
}

# Whether nobody changed the latest state since session-cli wrote it: a save gives the snapshot a
# time of its own and the seal the very same, so that any other file, or an edited one, has another.
__session_is_sealed() {
  local _seal="$SESSION_DIR/.$SESSION_TYPE-seal"
  [[ -n "$__session_sees_nanoseconds" && -z "${SESSION_CLI:-}" ]] &&
    [ "$SESSION_DIR/$SESSION_TYPE" = "$__session_place" ] &&
    [[ -O "$_seal" && ! -L "$_seal" && -O "$SESSION_DIR" &&
      -r "$SESSION_FILE" && -O "$SESSION_FILE" &&
      ! "$SESSION_FILE" -nt "$_seal" && ! "$_seal" -nt "$SESSION_FILE" ]]
}

# Puts the latest state, which is sealed, into __session_state; of more than 16 KiB only the
# beginning, and then __session_is_cut is set. Fails when it could not be read.
__session_read() {
  # in a variable, for bash 3.2 reads $'...' in a pattern in its own way
  local LC_ALL=C _end=$'\n}\n'
  __session_state=""
  __session_is_cut=yes
  if ! IFS= read -r -d '' -n 16385 __session_state <"$SESSION_FILE"; then
    __session_is_cut=""
    # the end of the file, or of what could be read of it
    [[ "$__session_state" == *"$_end" ]]
  fi 2>/dev/null
}

# Takes the step out of __session_state into the caller's `_step`. Up to the line of the step no
# bracket, brace or backslash may stand: then it is the outermost object's, whatever follows.
__session_step() {
  local LC_ALL=C _head _rest _newline=$'\n' _mark=$'\n  "step": "'
  _head="${__session_state%%"$_mark"*}"
  [[ "$_head" != "$__session_state" && "${_head#?}" != *[][{}\\]* ]] || return 1
  _rest="${__session_state:${#_head}+${#_mark}}"
  _step="${_rest%%"$_newline"*}"
  _step="${_step%,}"
  [[ "$_step" == *\" && "$_rest" == *"$_newline"* ]] || return 1
  _step="${_step%\"}"
  [[ "$_step" != *[\"\\[:cntrl:]]* ]]
}

# Runs session-cli on this session; 127 when it is nowhere to be found.
__session_run() {
  __session_prepare && "${__session_call[@]}" "$@"
}

# Puts session-cli and where the session is into __session_call.
__session_prepare() {
  __session_resolve || return
  __session_follow
  __session_call=("${__session_command[@]}")
  # without a HOME there is no folder, and session-cli knows the words for it
  __session_is_homeless || __session_call+=(--dir "$SESSION_DIR" --file "$SESSION_FILE")
  __session_call+=(--type "$SESSION_TYPE")
}

# Finds session-cli, once per shell: SESSION_CLI, the tree this file lies in, then PATH. The
# interpreter is called directly, isolated and without site: a wrapper can cost more than the save.
__session_resolve() {
  if [[ -n "${__session_command[*]-}" ]] && [ "${SESSION_CLI:-}" = "$__session_resolved_for" ]; then
    return 0
  fi
  if [[ -n "${SESSION_CLI:-}" ]]; then
    __session_command=("$SESSION_CLI")
  elif ! __session_resolve_tree && ! __session_resolve_path; then
    __session_report_missing >&2
    return 127
  fi
  __session_resolved_for="${SESSION_CLI:-}"
}

__session_report_missing() {
  local _python
  if __session_find_python; then
    printf 'session.sh: session-cli is not there: %s\n' \
      "run 'make install' in its checkout, or set SESSION_CLI to where it is"
  else
    printf 'session.sh: session-cli needs python3, version 3.10 or later, and there is none: %s\n' \
      "'apt install python3' on Debian and Ubuntu, 'brew install python3' on macOS"
  fi
}

__session_resolve_tree() {
  local _source="$__session_source" _link _folder
  while [[ -L "$_source" ]]; do
    _link="$(readlink "$_source")" || return 1
    case "$_link" in
      /*) _source="$_link" ;;
      *) _source="${_source%/*}/$_link" ;;
    esac
  done
  _folder="${_source%/*}"
  if [[ -f "$_folder/quick.py" ]]; then
    # the installed package, in <prefix>/lib/python3.x/site-packages
    __session_use "$_folder/.." "$_folder/../../../../bin/python3"
  elif [[ -f "$_folder/../../quick.py" ]]; then
    # its copy beside the programs, in session_cli/atk/lib
    __session_use "$_folder/../../.." "$_folder/../../../../../../bin/python3"
  elif [[ -f "$_folder/../../../session_cli/quick.py" ]]; then
    __session_use "$_folder/../../.." "$_folder/../../../.venv/bin/python"
  else
    return 1
  fi
}

# The package in the folder $1 is run by the interpreter $2, else by any that is new enough.
__session_use() {
  local _root="$1" _python="$2"
  [[ -x "$_python" ]] || __session_find_python || return 1
  __session_command=("$_python" -I -S "$_root/session_cli/__main__.py")
}

# Puts any python3 of PATH that is new enough into the caller's `_python`: real ones first, for a
# wrapper script can cost 100 ms a call.
__session_find_python() {
  local _candidate _magic _programs="" _scripts=""
  while IFS= read -r _candidate; do
    _magic=""
    IFS= read -r -n 2 _magic <"$_candidate"
    if [[ "$_magic" == "#!" ]]; then
      _scripts="$_scripts$_candidate"$'\n'
    else
      _programs="$_programs$_candidate"$'\n'
    fi
  done <<<"$(type -ap python3 python3.13 python3.12 python3.11 python3.10)"
  while IFS= read -r _candidate; do
    _python="$("$_candidate" -I -S -c 'import sys
sys.exit(print(sys.executable)) if sys.version_info >= (3, 10) else sys.exit(1)' </dev/null)" &&
      return 0
  done <<<"$_programs$_scripts"
  return 1
} 2>/dev/null

# session-cli from PATH; our own console script is taken apart into its interpreter and package.
__session_resolve_path() {
  local _script _first="" _text="" _python _main
  _script="$(type -P session-cli)" || return 1
  __session_command=("$_script")
  { IFS= read -r _first && IFS= read -r -d '' _text; } <"$_script" 2>/dev/null
  if [[ "$_first" == "#!/"*/bin/python* && "$_text" == *session_cli.__main__* ]]; then
    _python="${_first#\#!}"
    # in a process of its own, for the caller may have changed what a pattern in a command means
    _main="$(compgen -G "${_python%/bin/*}/lib/python3.*/site-packages/session_cli/__main__.py")"
    if [[ -f "$_main" && -x "$_python" ]]; then
      __session_command=("$_python" -I -S "$_main")
    fi
  fi
  return 0
}

__session_follow
