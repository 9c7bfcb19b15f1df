#!/usr/bin/env bash
# Session state for scripts: source this file, then call session_init, session_exists, session_load,
# session_save, session_clear and session_get_step. JSON, locks and links are session-cli's work;
# what a healthy small file answers by itself is read right here, for that needs no process.
#
# It defines session_*, __session_* and SESSION_*, sets nothing else, and prints nothing.
# Written for bash 3.2 and later, with and without set -euo pipefail. Locals begin with _, for no
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
__session_state=""
__session_is_whole=""
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
  # one look at the disk: scripts ask this often, and a folder in the file's place is no usual sight
  [[ -s $SESSION_FILE && $SESSION_DIR/$SESSION_TYPE${SESSION_CLI-} == "$__session_place" ]] ||
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
  if __session_read 2>/dev/null && [[ -n "$__session_is_whole" ]]; then
    printf '%s' "$__session_state"
  else
    __session_run load </dev/null
  fi
}

# Usage: session_save <step> [<json object>|-] [--session <id>] [--if-revision <n>]
#
# Merges the object into the state, moves it to the step and saves; "-" reads the object from stdin.
session_save() {
  local _step="${1-}" _data="${2-}"
  if (($# > 2)); then
    shift 2
  else
    shift $#
  fi
  if [[ "$_data" == "-" ]]; then
    __session_run save "$@" -- "$_step" -
  elif ((${#_data} > 30000)); then
    # one argument holds 128 KiB at most; resolving here keeps the answer in this shell
    __session_resolve || return
    printf '%s' "$_data" 2>/dev/null | __session_run save "$@" -- "$_step" -
  elif [[ -n "$_data" ]]; then
    __session_run save "$@" -- "$_step" "$_data" </dev/null
  else
    __session_run save "$@" -- "$_step" </dev/null
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
  elif __session_read 2>/dev/null && __session_step 2>/dev/null; then
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
# Goes on with a session, goes back in it, lets it go to the archive, or removes it for good.
session_resume() { __session_run resume "$@" </dev/null; }
session_rollback() { __session_run rollback "$@" </dev/null; }
session_new() { __session_run new "$@" </dev/null; }
session_delete() { __session_run delete --yes "$@" </dev/null; }

# Usage: session_render resume-prompt|exit|not-saved|panel|status [--width <columns>]
#
# Prints one of the boxes.
session_render() { __session_run render "$@" </dev/null; }

# Usage: session_start | session_steps | session_check | session_cluster | session_confighub [...]
#
# What the TUIs ask: how to begin, the steps, what still holds, the cluster and ConfigHub.
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
  (umask 077 && mkdir -p -- "$SESSION_DIR/.lease" && : >>"$_file") && exec 9>>"$_file" || return 7
  __session_run lease --fd 9 "$@" </dev/null
}

__session_exists_otherwise() {
  ! __session_is_absent && __session_run exists </dev/null
}

# SESSION_DIR or SESSION_TYPE was changed: the pointer goes along, unless it was set apart.
__session_moved() {
  if [[ "$SESSION_FILE" == "$__session_default_file" ]]; then
    SESSION_FILE="$SESSION_DIR/$SESSION_TYPE-latest.json"
    __session_default_file="$SESSION_FILE"
  fi
  __session_is_homeless || __session_place="$SESSION_DIR/$SESSION_TYPE"
}

# Whether the folder would lie in a HOME that there is not.
__session_is_homeless() {
  [[ "${HOME:-}" != /* && "$SESSION_DIR" == "${HOME:-}/.confighub/sessions" ]]
}

# Whether nothing at all stands at the pointer; SESSION_CLI may look somewhere else than we do.
__session_is_absent() {
  [[ "$SESSION_DIR/$SESSION_TYPE" == "$__session_place" ]] || __session_moved
  __session_is_homeless && [[ -z "${SESSION_CLI:-}" ]] && return 0
  [[ ! -e "$SESSION_FILE" && ! -L "$SESSION_FILE" && -z "${SESSION_CLI:-}" ]] || return 1
  # below a folder that we may not enter, anything could be there
  [[ ! -e "$SESSION_DIR" || -x "$SESSION_DIR" ]]
}

# Puts a healthy state into __session_state: all of it up to 16 KiB, else its beginning
# (then __session_is_whole is empty).
# Anything unusual is left to session-cli, which verifies everything.
__session_read() {
  # in variables, for bash 3.2 reads $'...' inside "${...}" in its own way
  local LC_ALL=C _body _last_line=$'\n}\n' _other_end=$'\n}'
  __session_state=""
  __session_is_whole=""
  [[ -f "$SESSION_FILE" && -O "$SESSION_FILE" && -z "${SESSION_CLI:-}" ]] || return 1
  if IFS= read -r -d '' -n 16385 __session_state <"$SESSION_FILE"; then
    # a full read, or one that a NUL byte ended
    ((${#__session_state} == 16385)) || return 1
  else
    _body="${__session_state%"$_last_line"}"
    [[ "$_body" != "$__session_state" && "$_body" != *"$_other_end"* ]] || return 1
    __session_is_whole=yes
  fi 2>/dev/null
  [[ "$__session_state" == $'{\n  "version": "1.'* ]]
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
  __session_resolve || return
  [[ "$SESSION_DIR/$SESSION_TYPE" == "$__session_place" ]] || __session_moved
  if __session_is_homeless; then
    # without a HOME there is no folder, and session-cli knows the words for it
    "${__session_command[@]}" --type "$SESSION_TYPE" "$@"
  else
    "${__session_command[@]}" --dir "$SESSION_DIR" --file "$SESSION_FILE" \
      --type "$SESSION_TYPE" "$@"
  fi
}

# Finds session-cli, once per shell: SESSION_CLI, the tree this file lies in, then PATH. The
# interpreter is called directly, isolated and without site: a wrapper can cost more than the save.
__session_resolve() {
  if [[ -n "${__session_command[*]-}" && "${SESSION_CLI:-}" == "$__session_resolved_for" ]]; then
    return 0
  fi
  if [[ -n "${SESSION_CLI:-}" ]]; then
    __session_command=("$SESSION_CLI")
  elif ! __session_resolve_tree && ! __session_resolve_path; then
    printf 'session.sh: session-cli is not there: %s\n' \
      "run 'make install' in its checkout, or set SESSION_CLI to where it is" >&2
    return 127
  fi
  __session_resolved_for="${SESSION_CLI:-}"
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
  if [[ -f "$_folder/../../../session_cli/quick.py" ]]; then
    __session_use "$_folder/../../.." "$_folder/../../../.venv/bin/python"
  elif [[ -f "$_folder/quick.py" ]]; then
    # the installed package, in <prefix>/lib/python3.x/site-packages
    __session_use "$_folder/.." "$_folder/../../../../bin/python3"
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

__session_is_homeless || __session_place="$SESSION_DIR/$SESSION_TYPE"
