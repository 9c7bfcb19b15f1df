#!/usr/bin/env bash
# The terminal of a TUI: a screen of its own while the TUI runs, as it was when it ends.
#
# Keys come from standard input, screens go to /dev/tty. A screen is built line by line and shown
# at once, so that it never flickers. Lines are cut by the terminal, which knows how wide they are.

# shellcheck disable=SC2034 # who sources this reads the size, the keys and the styles

# shellcheck source=keys.sh
source "${BASH_SOURCE[0]%/*}/keys.sh"

[[ -z ${term_rows+set} ]] || return 0

term_rows=24
term_columns=80
term_is_open=''
term_has_witness=''
term_aside=/dev/null
term_resized=''
term_saved=''
term_frame=''
term_frame_rows=0
term_folded=()
term_bold='' term_dim='' term_reverse='' term_plain=''
# one character to bash where the locale is UTF-8, and is installed: else all is drawn in ASCII
term_more=$'\xe2\x80\xa6'
((${#term_more} == 1)) || term_more='.'

# Usage: term_settle_locale; takes C for a locale that is not installed, of which bash would complain
# at every change. What came over ssh with somebody is often such.
term_settle_locale() {
  term_locale_is_there || LC_ALL=C
} 2>/dev/null

term_locale_is_there() {
  # shellcheck disable=SC2269 # setting it is what bash complains of
  [[ -z ${LC_ALL:-} || -z $( (LC_ALL=$LC_ALL) 2>&1) ]]
}

# Usage: term_can_ask; whether there is somebody at a terminal.
term_can_ask() {
  [[ -t 0 && -t 1 && ${TERM:-dumb} != dumb ]]
}

# Usage: term_open; switches to a screen of its own, without echo and without the cursor.
term_open() {
  [[ -z $term_is_open ]] || return 0
  { exec 3<>/dev/tty; } 2>/dev/null || exec 3>&1
  # by name, for a trap may run while standard input is something else
  term_saved=$(stty -g <&3) || return 1
  # Ctrl-Z and Ctrl-\ come as keys: as signals they would reach what we wait for, and not us
  stty -echo -icanon min 1 time 0 susp undef quit undef <&3 2>/dev/null
  term_is_open=yes
  exec 2>>"$term_aside"
  if [[ -z ${NO_COLOR:-} ]]; then
    term_bold=$'\e[1m' term_dim=$'\e[2m' term_reverse=$'\e[7m' term_plain=$'\e[0m'
  fi
  term_measure
  term_start_witness
  trap 'term_resized=yes' WINCH
  trap term_suspend TSTP
  # the alternate screen, no cursor, no wrapping of long lines, pastes told from keys
  printf '\e[?1049h\e[?25l\e[?7l\e[?2004h\e[2J' >&3
}

# A Ctrl-C that comes as the program of a `$(...)` ends is lost: bash takes it for that program's. So
# a program that only dies of it stands by; it also ends with us.
term_start_witness() {
  [[ -z $term_has_witness ]] || return 0
  coproc TERM_WITNESS { exec cat 3>&- 5>&- 6>&- 9>&-; }
  term_has_witness=yes
}

# Usage: term_heed_interrupt; makes up for a Ctrl-C that was lost.
term_heed_interrupt() {
  [[ -n $term_has_witness && -z ${TERM_WITNESS_PID-} ]] || return 0
  term_has_witness=''
  kill -INT $$
}

# Usage: term_was_closed; whether the terminal itself is gone.
term_was_closed() {
  [[ -n $term_is_gone ]] || [[ -n $term_is_open && ! -t 3 ]]
}

# Usage: term_close; puts everything back. A terminal that is gone is no failure.
term_close() {
  [[ -n $term_is_open ]] || return 0
  term_is_open=''
  trap - WINCH TSTP
  {
    printf '\e[?2004l\e[?7h\e[?25h\e[?1049l' >&3
    stty "$term_saved" <&3
    exec 3>&-
  } 2>/dev/null
  exec 2>&6
}

# Usage: term_begin_outputs <file>; keeps where answers and messages go, whatever a command at work
# may have done to them; the file takes the messages while the screen is ours.
term_begin_outputs() {
  term_aside=$1
  if [[ -e /dev/fd/1 ]]; then exec 5>&1; else exec 5>/dev/null; fi
  if [[ -e /dev/fd/2 ]]; then exec 6>&2; else exec 6>/dev/null; fi
}

# Usage: term_leave; what a trap that leaves calls first. It may have come in the middle of a command
# whose output goes elsewhere; or of a `read` with a limit of time, whose alarm would go off later
# and end us in the wrong place.
term_leave() {
  local _
  exec >&5 2>&6
  IFS= read -r -t 0.01 _ </dev/null || :
}

# Usage: term_suspend; what Ctrl-Z does: the shell gets its terminal back until `fg`. Where no shell
# could say `fg`, the system lets us continue at once.
term_suspend() {
  local _was_open=$term_is_open
  term_close
  kill -TSTP 0
  [[ -z $_was_open ]] || term_open
  term_resized=yes
}

# Usage: term_measure; learns how large the terminal is.
term_measure() {
  local _size
  term_resized=''
  _size=$({ stty size <&3 || stty size; } 2>/dev/null)
  term_rows=${_size% *}
  term_columns=${_size#* }
  [[ $term_rows == [1-9]* && $term_columns == [1-9]* ]] || { term_rows=24 term_columns=80; }
}

# Usage: term_box_width <widest>; prints how wide a box may be: the widest, or what there is.
term_box_width() {
  local _width=$1
  ((term_columns >= _width)) || _width=$term_columns
  ((_width >= 40)) || _width=40
  printf '%s' "$_width"
}

# Usage: term_fold <gap> <keys>; puts keys, with the gap between them, into lines that fit the
# screen: term_folded.
term_fold() {
  local _line='' _rest=$2$1 _key
  term_folded=()
  while [[ -n $_rest ]]; do
    _key=${_rest%%"$1"*}
    _rest=${_rest#*"$1"}
    if [[ -n $_line ]] && ((${#_line} + ${#1} + ${#_key} > term_columns)); then
      term_folded+=("$_line")
      _line=''
    fi
    [[ -z $_line ]] && _line='  ' || _line+=$1
    _line+=${_key# }
    # nothing of a word is lost that is wider than the screen
    while ((${#_line} > term_columns)); do
      term_folded+=("${_line:0:term_columns}")
      _line=${_line:term_columns}
    done
  done
  term_folded+=("$_line")
}

# Usage: term_begin; term_line <text> ...; term_end; builds a screen and shows it.
term_begin() {
  [[ -z $term_resized ]] || term_measure
  term_frame=$'\e[H'
  term_frame_rows=0
}

term_line() {
  local _text=${1-}
  ((term_frame_rows < term_rows)) || return 0
  ((term_frame_rows == 0)) || term_frame+=$'\r\n'
  # of a line with styles in it the terminal knows where to stop
  if ((${#_text} > term_columns)) && [[ $_text != *$'\e'* ]]; then
    _text=${_text:0:term_columns-1}$term_more
  fi
  # cleared first: at the end of a full line it would take the last character
  term_frame+=$'\e[2K'"$_text$term_plain"
  term_frame_rows=$((term_frame_rows + 1))
}

# Usage: term_text <text of several lines> [<rows to leave>]; what does not fit is left out.
term_text() {
  local _line _last=$((term_rows - ${2:-0}))
  while IFS= read -r _line; do
    ((term_frame_rows >= _last)) || term_line "$_line"
  done <<<"$1"
}

term_end() {
  ((term_frame_rows >= term_rows)) || term_frame+=$'\r\n\e[J'
  printf '%s' "$term_frame" >&3
} 2>/dev/null

# Usage: term_lower <text>; prints it in small letters.
term_lower() {
  printf '%s' "$1" | LC_ALL=C tr '[:upper:]' '[:lower:]'
}
