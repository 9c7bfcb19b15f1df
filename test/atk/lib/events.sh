#!/usr/bin/env bash
# Long work in the background, with a sign of life: session-cli tells what happens in lines, which
# are shown, logged and saved as they come. q leaves; the work is then stopped.

# shellcheck disable=SC2034 # who sources this reads events_step, events_box and events_problem

# shellcheck source=list.sh
source "${BASH_SOURCE[0]%/*}/list.sh"
# shellcheck source=log.sh
source "${BASH_SOURCE[0]%/*}/log.sh"
# shellcheck source=save.sh
source "${BASH_SOURCE[0]%/*}/save.sh"

EVENTS_LEFT=10

events_pid=''
events_step=''
events_title=''
events_box=''
events_problem=''
events_bar=''
events_told=()
events_began=0
events_turn=0
events_keep=save_step

# Usage: events_run <step> <title> <command> ...
#
# Runs the command. What it wants saved is saved at the step, or given to the function events_keep.
# Returns its exit code, EVENTS_LEFT when the person left, 6 or 7 when a save failed.
events_run() {
  local _pipe=$save_scratch/events _status=0
  events_step=$1
  events_title=$2
  shift 2
  save_prepare_again
  events_box='' events_problem='' events_bar=''
  events_told=()
  events_began=$SECONDS
  log_section "$events_title"
  rm -f -- "$_pipe"
  if ! mkfifo -m 600 -- "$_pipe"; then
    events_problem="cannot create a file in $save_scratch"
    return 7
  fi
  # a signal that comes now must find what is to be stopped; whoever works for us must not keep the
  # session or the terminal open when we are gone, not even while it waits for the pipe
  save_is_busy=yes
  events_work "$@" --scratch "$save_scratch" </dev/null 2>"$save_scratch/problem" \
    3>&- 5>&- 6>&- 9>&- >"$_pipe" &
  events_pid=$!
  save_done
  exec 4<"$_pipe"
  events_follow || _status=$?
  if ((_status)); then
    events_stop
    return "$_status"
  fi
  exec 4<&-
  # else bash says in its own words that it was killed
  { wait "$events_pid" || _status=$?; } 2>/dev/null
  events_pid=''
  log_file "$save_scratch/problem"
  events_settle "$_status"
}

# Usage: events_work session_<verb> ...; becomes the work: it gets the signal that stops it, and not
# a shell that waits for it.
events_work() {
  __session_resolve || exit
  exec "${__session_command[@]}" --dir "$SESSION_DIR" --file "$SESSION_FILE" \
    --type "$SESSION_TYPE" "${1#session_}" "${@:2}"
}

# Usage: events_stop; stops the work that goes on, if any does. What it still has to say is taken:
# it may have been about to hand over what it did.
events_stop() {
  local _line _until=$((SECONDS + 3))
  [[ -n $events_pid ]] || return 0
  kill "$events_pid" 2>/dev/null
  while ((SECONDS < _until)) && IFS= read -r -t 2 -u 4 _line; do
    case $_line in
      save*) events_take "$_line" || break ;;
    esac
  done
  exec 4<&-
  kill -9 "$events_pid" 2>/dev/null
  wait "$events_pid" 2>/dev/null
  events_pid=''
}

# Usage: noted <file> <command> ...; the file gets what it prints, events_problem why it failed.
noted() {
  local _status=0
  events_problem=''
  save_prepare_again
  "${@:2}" 2>"$save_scratch/problem" >"$1" || _status=$?
  events_settle "$_status"
}

# Usage: events_settle <exit code>; notes why work failed, and returns the code of ours that this has.
events_settle() {
  # it died of the Ctrl-C that was for both, and bash has lost its own
  (($1 != 130)) || save_on_signal 130
  if (($1 > 128)); then
    events_problem="the background process was killed by signal $(($1 - 128))"
    log "$events_problem"
    return 1
  fi
  events_note_problem "$1"
  return "$1"
}

events_note_problem() {
  local _line
  (($1 == 0)) && return 0
  if [[ -e $save_scratch/problem ]]; then
    while IFS= read -r _line; do
      events_problem=${_line#session-cli: }
    done <"$save_scratch/problem"
  else
    events_problem="$save_scratch was removed and cannot be created again"
  fi
  : "${events_problem:=it failed with exit code $1}"
}

# Usage: events_tell_aside; what session-cli complained of while the screen was ours, told once.
events_tell_aside() {
  [[ -s $term_aside ]] || return 0
  log_file "$term_aside"
  LC_ALL=C awk '/^session-cli: / && !told[$0]++' "$term_aside" >&2
}

# Takes lines and keys until the work ends.
events_follow() {
  local _line='' _part _status
  while :; do
    _status=0
    IFS= read -r -t 0.1 -u 4 _part || _status=$?
    # what had come of a line when the time was over belongs to it
    _line+=$_part
    if ((_status == 0)); then
      events_take "$_line" || return
      _line=''
    elif ((_status <= 128)); then
      return 0
    fi
    if [[ -n $term_is_open ]]; then
      term_heed_interrupt
      events_answer_key || return
      events_draw
    fi
  done
}

events_answer_key() {
  term_key_waits || return 0
  term_read_key 0.05
  case $term_key in
    q | gone) return "$EVENTS_LEFT" ;;
  esac
}

events_take() {
  local _text=${1#*$'\t'}
  case $1 in
    say*) events_say "$_text" ;;
    note*) log "| $_text" ;;
    bar*) events_bar=$_text ;;
    step*) events_step=$_text ;;
    show*) IFS= read -r -d '' events_box <"$_text" || : ;;
    save*) "$events_keep" "$events_step" "$_text" || return ;;
  esac
}

# Usage: events_say <text>; one thing that happened: shown, logged, printed where there is no screen.
events_say() {
  events_told+=("$1")
  log "$1"
  # whoever does not read it keeps nobody from going on
  [[ -n $term_is_open ]] ||
    printf '[%s] %s: %s\n' "$(date -u +%H:%M:%S)" "$events_step" "$1" 2>/dev/null || :
}

events_draw() {
  local _spinner=('|' '/' '-' "\\") _from _index
  events_turn=$(((events_turn + 1) % 4))
  term_begin
  "$list_head"
  term_line
  term_line "  ${_spinner[events_turn]} $events_title   $((SECONDS - events_began)) s"
  events_draw_bar
  term_line
  _from=$((${#events_told[@]} - (term_rows - term_frame_rows - 3)))
  ((_from > 0)) || _from=0
  for ((_index = _from; _index < ${#events_told[@]}; _index++)); do
    term_line "    ${events_told[_index]}"
  done
  while ((term_frame_rows < term_rows - 1)); do term_line; done
  term_line '  q quit'
  term_end
}

# `DONE TOTAL TEXT`, with tabs between; without a total only the text.
events_draw_bar() {
  local _done=${events_bar%%$'\t'*} _rest=${events_bar#*$'\t'} _full _bar
  local _total=${_rest%%$'\t'*}
  if [[ -z $events_bar ]] || ((_total == 0)); then
    term_line "    ${_rest#*$'\t'}"
    return 0
  fi
  _full=$((_done * 30 / _total))
  ((_full <= 30)) || _full=30
  printf -v _bar '%*s' "$_full" ''
  printf -v _bar '%-30s' "${_bar// /#}"
  term_line "    [$_bar] $_done of $_total   ${_rest#*$'\t'}"
}
