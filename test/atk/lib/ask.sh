#!/usr/bin/env bash
# Questions to the person: a text and the keys that answer it, a line to type, the keys there are.
# Above each stands what the function list_head draws.

# shellcheck disable=SC2034 # who sources this reads answer and text_typed

# shellcheck source=events.sh
source "${BASH_SOURCE[0]%/*}/events.sh"

answer=''
ask_draws=''
ask_is_help=''
ask_is_grave=''
text_typed=''

# Usage: ask <text> <hint> <key> ...; shows the text until one of the keys is pressed.
#
# Sets answer to the key, letters small. The end of input is q. With ask_is_grave set, what was pressed
# before the question was there is no answer to it; the next question is a light one again.
ask() {
  local _text=$1 _hint=$2 _must_draw=yes _top=0
  shift 2
  answer=''
  [[ -z $ask_is_grave ]] || term_forget_keys
  ask_is_grave=''
  while [[ -z $answer ]]; do
    if [[ -n $term_resized && -n $ask_draws ]]; then
      term_measure
      _must_draw=yes
      _text=$($ask_draws)
    fi
    [[ -z $_must_draw && -z $term_resized ]] || ask_draw
    _must_draw=yes
    term_read_key 1
    case $term_key in
      none) _must_draw='' ;;
      up) _top=$((_top - 1)) ;;
      down) _top=$((_top + 1)) ;;
      page-up) _top=$((_top - term_rows / 2)) ;;
      page-down) _top=$((_top + term_rows / 2)) ;;
      '?') if [[ -n $ask_is_help ]]; then answer='?'; else show_keys; fi ;;
      *) answer=$(answer_of "$term_key" "$@") ;;
    esac
  done
  save_prepare_again
}

# What is higher than the screen can be moved with the arrows.
ask_draw() {
  local _lines=() _line _room
  while IFS= read -r _line; do _lines+=("$_line"); done <<<"$_text"
  term_begin
  "$list_head"
  term_fold '    ' "$_hint"
  _room=$((term_rows - term_frame_rows - 1 - ${#term_folded[@]}))
  if ((${#_lines[@]} > _room)); then
    term_fold '    ' "[Up] [Down] More    $_hint"
    _room=$((term_rows - term_frame_rows - 1 - ${#term_folded[@]}))
  fi
  ((_room > 0)) || _room=1
  ((_top + _room <= ${#_lines[@]})) || _top=$((${#_lines[@]} - _room))
  ((_top >= 0)) || _top=0
  for _line in "${_lines[@]:_top:_room}"; do term_line "$_line"; done
  term_line
  for _line in "${term_folded[@]}"; do term_line "$_line"; done
  term_end
}

# Usage: ask_drawn <command> <hint> <key> ...; the same with what the command prints, which is run
# again when the terminal has another size.
ask_drawn() {
  local ask_draws=$1
  ask "$($1)" "${@:2}"
}

# Usage: ask_box <widest> <what session_render draws> ...
ask_box() {
  session_render "${@:2}" --width "$(term_box_width "$1")" 2>&1
}

# Usage: show_busy <text>; says what is being done when it may take a moment.
show_busy() {
  [[ -n $term_is_open ]] || return 0
  term_begin
  "$list_head"
  term_line "  $1 ..."
  term_end
}

# Usage: answer_of <pressed> <key> ...; prints the key that was pressed, if it is one of them.
answer_of() {
  local _pressed=$1 _key
  shift
  case $_pressed in
    gone) _pressed=q ;;
    [A-Z]) _pressed=$(term_lower "$_pressed") ;;
  esac
  for _key in "$@"; do
    [[ $_key != "$_pressed" ]] || printf '%s' "$_key"
  done
}

# Usage: ask_text <title> <text to begin with>
#
# Lets the person type a line: text_typed. Fails when they think better of it.
ask_text() {
  local _from
  text_typed=$2
  while :; do
    term_begin
    "$list_head"
    term_line "  $1"
    term_line
    # of a long text its end is seen
    _from=$((${#text_typed} - term_columns + 6))
    ((_from > 0)) || _from=0
    term_line "  > ${text_typed:_from}_"
    term_line
    term_line '  [Enter] Confirm    [Esc] Back'
    term_end
    term_read_key 1
    case $term_key in
      enter) return 0 ;;
      escape) return 1 ;;
      gone) return "$EVENTS_LEFT" ;;
      backspace) text_typed=${text_typed%?} ;;
      clear) text_typed='' ;;
      paste) text_typed+=$term_pasted ;;
      ?) text_typed+=$term_key ;;
    esac
  done
}

# The keys, as --help tells them.
show_keys() {
  local ask_is_help=yes
  ask_drawn keys_text '[Enter] Back' enter tab escape '?' q
  answer=''
}

keys_text() {
  ask_fold "$(usage | sed -n '/^Keys:/,/^$/p' | tr '\n' ' ')"
}

# What went wrong with long work.
failure_text() {
  ask_fold "! $events_problem"
}

# Usage: ask_fold <text>; prints it in lines that fit the screen.
ask_fold() {
  term_fold ' ' "$1"
  printf '%s\n' "${term_folded[@]}"
}
