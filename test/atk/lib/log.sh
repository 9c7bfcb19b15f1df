#!/usr/bin/env bash
# The log of a TUI: what happened, for people to read afterwards. A log that cannot be written is
# told once and stops nothing.

# shellcheck disable=SC2034 # who sources this reads log_path, log_stamp and log_problem

log_path=''
log_stamp=''
log_problem=''

# Usage: log_begin [<session>]; makes a new log of its own, called after the second; sets log_path and
# log_stamp, which is the stamp of no session that is there, nor of the one given, which is gone.
log_begin() {
  local _folder=${CONFIGHUB_LOG_DIR:-${HOME:-}/.confighub/logs} _second _number=1
  _second=$(date -u +%Y-%m-%d-%H%M%S)
  log_stamp=$_second
  log_path=''
  log_problem=''
  if ! (umask 077 && mkdir -p -- "$_folder") 2>/dev/null; then
    log_problem="no log: cannot create $_folder"
  fi
  # also of programs that begin in the same second none has the log or the session of another
  until [[ import-$log_stamp != "${1-}" ]] && log_stamp_is_free && log_make "$_folder"; do
    _number=$((_number + 1))
    log_stamp=$_second-$_number
  done
}

log_stamp_is_free() {
  local _folder
  for _folder in "${SESSION_DIR-}" "${SESSION_DIR-}/archive"; do
    [[ ! -e $_folder/import-$log_stamp.json && ! -L $_folder/import-$log_stamp.json ]] || return 1
  done
}

# Usage: log_make <folder>; fails only where there is one of that name.
log_make() {
  local _path=$1/tui-import-$log_stamp.log
  [[ -z $log_problem ]] || return 0
  if (umask 077 && set -C && : >"$_path") 2>/dev/null; then
    log_path=$_path
  elif [[ -e $_path || -L $_path ]]; then
    return 1
  else
    log_problem="no log: cannot write to $1"
  fi
}

# Usage: log_head <session id> [<earlier log>]
log_head() {
  local _rule
  printf -v _rule '%080d' 0
  _rule=${_rule//0/=}
  log_write "$_rule" 'ConfigHub Import TUI' "Started: $(date -u +%Y-%m-%dT%H:%M:%SZ)" \
    "Session: $1" ${2:+"Continues: $2"} "$_rule" ''
}

# Usage: log <text>
log() {
  log_write "[$(date -u +%H:%M:%S)] $1"
}

# Usage: log_section <name>
log_section() {
  log_write '' "--- $(printf '%s' "$1" | LC_ALL=C tr '[:lower:]' '[:upper:]') ---"
}

# Usage: log_file <file>; its lines, as what some program said.
log_file() {
  local _line
  [[ -s $1 ]] || return 0
  while IFS= read -r _line || [[ -n $_line ]]; do log "| $_line"; done <"$1"
}

log_write() {
  [[ -n $log_path ]] || return 0
  printf '%s\n' "$@" >>"$log_path" || log_problem="cannot write the log: $log_path"
} 2>/dev/null

# Usage: log_short; prints the path of the log with ~ for HOME, as the session keeps it.
log_short() {
  local _tilde='~'
  if [[ -n ${HOME:-} && $log_path == "$HOME"/* ]]; then
    printf '%s' "$_tilde${log_path#"$HOME"}"
  else
    printf '%s' "$log_path"
  fi
}

# Usage: log_view <printable path>; shows a log. Only one of ours is opened, whatever a session says.
log_view() {
  local _tilde='~' _folder=${CONFIGHUB_LOG_DIR:-${HOME:-}/.confighub/logs} _path=$1 _name
  case $_path in "$_tilde"/*) _path=${HOME:-}${_path#"$_tilde"} ;; esac
  _name=${_path##*/}
  if [[ $_path != "$_folder/$_name" || $_name != tui-import-*.log || -L $_path || ! -f $_path ]]; then
    printf 'no import log to show: %s' "${1:-this session has none}" | LC_ALL=C tr -d '\000-\037\177'
    printf '\n'
    return 1
  fi
  if command -v less >/dev/null; then
    # settings of the person's may end it at once; what is open here is not to be held by it
    LESS='' LESSSECURE=1 less -- "$_path" 9>&-
  else
    LC_ALL=C tr -d '\000-\010\013-\037\177' <"$_path" | more 9>&-
  fi
}
