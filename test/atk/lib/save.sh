#!/usr/bin/env bash
# The session of a TUI, started or resumed. Saves are bound to the revision that this terminal knows,
# so that the work of another terminal is not overwritten.

# shellcheck disable=SC2034 # who sources this reads save_problem and save_is_lost

# shellcheck source=session.sh
source "${BASH_SOURCE[0]%/*}/session.sh"

save_session=''
save_revision=''
save_bound=()
save_is_busy=''
save_is_leaving=''
save_pending=''
save_problem=''
save_is_lost=''
save_unsaved=''
# the warning about a save that succeeded but might not survive a power loss
save_unsure=''
save_scratch=''
# the demo has another one
save_user_path=$PATH

# Usage: save_prepare; a private folder for what is under way.
save_prepare() {
  save_sweep
  save_scratch=$(umask 077 && mktemp -d -- "${TMPDIR:-/tmp}/session-tui.$$.XXXXXX" 2>/dev/null) ||
    return 7
}

# Usage: save_prepare_again; makes that folder again when it is gone: there are programs that clean the
# place where it lies.
save_prepare_again() {
  [[ ! -d $save_scratch || ! -O $save_scratch || -L $save_scratch ]] || return 0
  (umask 077 && mkdir -p -- "${save_scratch%/*}" && mkdir -- "$save_scratch") 2>/dev/null || return 7
}

# Usage: save_let_go; removes that folder, unless something is in it that was not saved.
save_let_go() {
  [[ -n $save_scratch ]] || return 0
  if [[ -n $save_unsaved && -d $save_scratch ]]; then
    : >"$save_scratch/keep"
  else
    rm -rf -- "$save_scratch"
  fi
}

# What programs that were killed have left of such folders.
save_sweep() {
  local _folder _pid
  for _folder in "${TMPDIR:-/tmp}"/session-tui.*.*; do
    _pid=${_folder##*/session-tui.}
    _pid=${_pid%%.*}
    [[ -d $_folder && -O $_folder && ! -L $_folder && ! -e $_folder/keep ]] || continue
    [[ $_pid == *[!0-9]* ]] || kill -0 "$_pid" 2>/dev/null || rm -rf -- "$_folder"
  done
}

# Usage: save_on_signal <exit code>; what a trap calls: a save under way is finished first, and
# whoever leaves already is left alone.
save_on_signal() {
  if [[ -n $save_is_busy ]]; then
    save_pending=$1
  elif [[ -z $save_is_leaving ]]; then
    save_is_leaving=yes
    exit "$1"
  fi
}

# Usage: save_leave; from here on no signal keeps what leaves from putting things in order.
save_leave() {
  save_is_leaving=yes
  trap '' INT TERM HUP
}

# Usage: save_begin <step> <file with DATA>; the first save of a new session.
save_begin() {
  local _status=0
  save_prepare_again
  save_is_busy=yes
  save_undisturbed "$2" "$1" - || _status=$?
  if save_is_there "$_status"; then
    _status=0
    save_know || _status=$?
  else
    save_note_problem "$_status" "$1" "$2"
  fi
  save_done
  return "$_status"
}

# Usage: save_undisturbed <file with DATA> <argument of session_save> ...
#
# A signal for all programs of the terminal is not for this one. One that comes before that is so
# ends it before anything was begun; then it is done again.
save_undisturbed() {
  local _try _status
  for _try in 1 2 3; do
    _status=0
    # when work in the background is killed meanwhile, bash says so in its own words
    {
      (
        trap '' INT TERM HUP
        session_save "${@:2}" <"$1" 9>&-
      ) 2>"$save_scratch/save-problem" || _status=$?
    } 2>/dev/null
    ((_status > 128)) && [[ -n $save_pending ]] || break
  done
  return "$_status"
}

# Usage: save_know; learns which session is the latest, and its revision.
save_know() {
  local _known _revision
  _known=$(
    trap '' INT TERM HUP
    session_get "join(' ', [session_id, to_string(revision || \`0\`)])" --raw
  ) || return 3
  # a state written by another program may have no id yet
  [[ -n ${_known% *} ]] || return 3
  _revision=${_known##* }
  # a state written by another program may have any revision; then we never saved it
  [[ $_revision =~ ^[0-9]{1,15}$ ]] || _revision=0
  save_bind "${_known% *}" "$_revision"
}

# Usage: save_is_latest; whether our session still is the one that --resume would resume.
save_is_latest() {
  [[ $(session_get session_id --lines --default '' 2>/dev/null) == "$save_session" ]]
}

# Usage: save_bind <session> <revision>; from here on saves are for that one only.
save_bind() {
  save_session=$1
  save_revision=$2
  save_bound=(--session "$1" --if-revision "$2")
}

# Usage: save_step <step> [<file with DATA>]
#
# Saves, and is not interrupted while it does. Fails with 6 when another terminal resumed the
# session, then save_is_lost is set; with another status when it could not be saved: save_problem.
save_step() {
  local _status=0 _data=${2:-$save_scratch/no-data}
  save_prepare_again || _status=7
  [[ -n ${2:-} ]] || printf '{}' >"$_data" || _status=7
  save_is_busy=yes
  ((_status)) || save_undisturbed "$_data" "$1" - "${save_bound[@]}" || _status=$?
  if ! save_is_there "$_status"; then
    save_note_problem "$_status" "$1" "$_data"
  else
    _status=0
    save_bind "$save_session" $((save_revision + 1))
    save_problem=''
    save_unsaved=''
  fi
  save_done
  return "$_status"
}

# What came while the save was under way is done now.
save_done() {
  local _code
  # in this order: what comes from here on ends us by itself, and nothing is forgotten between
  save_is_busy=''
  _code=$save_pending
  save_pending=''
  [[ -z $_code ]] || save_on_signal "$_code"
}

# Usage: save_is_there <exit code of a save>; whether it is saved: also where the disk did not say that
# it will last. That is a warning, and no reason to save it again.
save_is_there() {
  save_unsure=''
  (($1 == 10)) || return "$1"
  save_last_words
  save_unsure=$save_words
}

# Usage: save_last_words; the last line that session-cli complained of: save_words.
save_last_words() {
  save_words=''
  [[ ! -e $save_scratch/save-problem ]] || IFS= read -r -d '' save_words <"$save_scratch/save-problem"
  save_words=${save_words%$'\n'}
  save_words=${save_words##*$'\n'}
  save_words=${save_words#session-cli: }
}

# What went wrong, and where the DATA is that was not saved.
save_note_problem() {
  save_last_words
  save_problem=${save_words#not saved: }
  [[ -d $save_scratch ]] || save_problem="$save_scratch was removed and cannot be created again"
  : "${save_problem:=the disk is full or not writable}"
  save_unsaved="$(save_command) save $2 - ${save_session:+--session $save_session }<$(printf '%q' "$3")"
  if (($1 == 6)); then
    save_is_lost=yes
  fi
}

# Usage: save_kept_in; prints where the DATA of a refused save is.
save_kept_in() {
  local _rest=${save_problem#* kept in }
  printf '%s' "${_rest%%; to save it *}"
}

# How session-cli is called from a shell that knows nothing of ours, as short as can be.
save_command() {
  local _command
  _command=("$(save_program)")
  [[ -n ${_command[0]} ]] || _command=("${__session_command[@]}")
  [[ $SESSION_DIR == "${CONFIGHUB_SESSION_DIR:-${HOME:-}/.confighub/sessions}" ]] ||
    _command+=(--dir "$SESSION_DIR")
  printf '%q' "${_command[0]}"
  ((${#_command[@]} == 1)) || printf ' %q' "${_command[@]:1}"
}

# The program of the tree that this file lies in, as it is called from here, else that of PATH.
save_program() {
  local _own=.venv/bin/session-cli _root _found
  _root=$(CDPATH='' builtin cd -- "${BASH_SOURCE[0]%/*}/../../.." 2>/dev/null && pwd)
  _found=$(PATH=$save_user_path type -P session-cli)
  if [[ ! -x $_root/$_own ]]; then
    [[ -z $_found ]] || printf 'session-cli'
  elif [[ $_found -ef $_root/$_own ]]; then
    printf 'session-cli'
  elif [[ $_own -ef $_root/$_own ]]; then
    printf '%s' "$_own"
  else
    printf '%s' "$_root/$_own"
  fi
}

# Usage: save_hold [--take-over]; keeps others from opening the session while this shell lives.
save_hold() {
  session_lease --session "$save_session" "$@" 2>"$save_scratch/lease-problem"
}

# Usage: save_quote <text>; prints it as a JSON string.
save_quote() {
  local _text=${1//\\/\\\\}
  _text=${_text//\"/\\\"}
  printf '"%s"' "${_text//[[:cntrl:]]/?}"
}
