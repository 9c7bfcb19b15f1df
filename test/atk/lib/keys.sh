#!/usr/bin/env bash
# What comes from a terminal: keys, pastes, and what the terminal itself answers, which is no key.
#
# A sequence may come in pieces, with any pause between them; what has come of it is kept.

# shellcheck disable=SC2034 # who sources this reads term_key, term_pasted and term_is_gone

[[ -z ${term_key+set} ]] || return 0

term_key=''
term_pasted=''
term_is_pasting=''
# the terminal was closed, and not only the input ended
term_is_gone=''
# what came, and is looked at next
term_ahead=''
# what has come of a sequence, and when
term_part=''
term_part_at=0
# the escape that it begins with was already returned as a key
term_is_told=''
term_char=''
term_plain_text=''

# Usage: term_read_key <seconds>
#
# Waits for a key and puts its name into term_key: up, down, left, right, page-up, page-down, home,
# end, enter, tab, escape, backspace, clear, paste (what was pasted is in term_pasted), the character
# itself, `none` when none came in time, or `gone` at the end of input. Ctrl-D is the end, too.
term_read_key() {
  local _wait _status
  term_key=''
  while [[ -z $term_key ]]; do
    _wait=$1 _status=0
    # what follows an escape within a second belongs to it
    [[ $term_part$term_is_told != $'\e' ]] || _wait=1
    term_read_char "$_wait" || _status=$?
    if ((_status == 0)); then
      term_take "$term_char"
    elif ((_status > 128)); then
      term_take_pause
    elif [[ $term_part$term_is_told == $'\e' ]]; then
      # nothing can follow it any more
      term_part=''
      term_key=escape
    else
      [[ -t 0 ]] || term_is_gone=yes
      term_key=gone
    fi
  done
}

# Usage: term_read_char <seconds>; fails with more than 128 when nothing came in time.
term_read_char() {
  local _status=0
  if [[ -n $term_ahead ]]; then
    term_char=${term_ahead:0:1}
    term_ahead=${term_ahead:1}
    return 0
  fi
  term_char=''
  IFS= read -r -s -n 1 -d '' -t "$1" term_char || _status=$?
  term_heed_interrupt
  # the time may be over with a character in hand
  [[ -z $term_char ]] || _status=0
  return "$_status"
}

# Nothing came in time. An escape alone is a key then; what looks like the rest of a sequence is none,
# should it come yet. No terminal takes that long for the rest of an answer.
term_take_pause() {
  term_key=none
  if [[ $term_part == $'\e' && -z $term_is_told ]]; then
    term_key=escape
    term_is_told=yes
  elif [[ $term_part == $'\e'[]P_]* ]] && ((SECONDS - term_part_at > 10)); then
    term_part=''
  fi
}

# Usage: term_take <character>; names the key when it is whole, else keeps what has come.
term_take() {
  if [[ -n $term_part ]]; then
    term_take_part "$term_part$1" "$1"
    [[ -z $term_is_pasting ]] || term_read_paste
    return
  fi
  case $1 in
    $'\e') term_keep "$1" ;;
    # the same in one character
    $'\u9b') term_keep $'\e[' ;;
    $'\u9d') term_keep $'\e]' ;;
    $'\u90') term_keep $'\eP' ;;
    $'\u8f') term_keep $'\eO' ;;
    *) term_name_key "$1" ;;
  esac
}

# Usage: term_take_part <what has come of a sequence> <the last of it>
term_take_part() {
  local LC_ALL=C _was_told=$term_is_told
  term_part='' term_is_told=''
  case $1 in
    $'\e[' | $'\eO' | $'\e[[' | $'\e'[]P_]) term_keep "$1" ;;
    $'\e'[]P_]*) term_take_answer "$1" ;;
    # a click, as old terminals tell it: three bytes follow, whatever they are
    $'\e[M'*) if ((${#1} < 6)); then term_keep "$1"; else term_key=none; fi ;;
    # a function key of the Linux console
    $'\e[['?) term_key=none ;;
    $'\e['*[@-~] | $'\eO'*[A-Za-z]) term_name_sequence "$1" ;;
    $'\e['*[\ -\?] | $'\eO'*[0-9\;]) term_keep "$1" ;;
    # broken off; what came instead is looked at by itself
    $'\e['* | $'\eO'*) term_ahead=$2$term_ahead ;;
    # the key alone, and the next one of somebody who types fast
    *)
      term_ahead=$2$term_ahead
      term_key=escape
      ;;
  esac
  [[ -z $_was_told ]] || term_untell
}

# Its escape was returned as a key long ago, so the rest is not a key.
term_untell() {
  if [[ -n $term_part ]]; then
    term_is_told=yes
  elif [[ -n $term_ahead ]]; then
    term_key=''
  else
    term_key=none
  fi
}

term_keep() {
  term_part=$1
  term_part_at=$SECONDS
}

# Usage: term_take_answer <what has come of it>; an OSC, DCS or APC, to its end. Of a long one the
# beginning is kept.
term_take_answer() {
  case $1 in
    $'\e]'[0-9lL]* | $'\eP'[0-9\>!\$+\|]* | $'\e_G'*) ;;
    # no terminal answers so
    *)
      term_ahead=${1:2}$term_ahead
      return
      ;;
  esac
  case $1 in
    *$'\a' | *$'\e\\' | *$'\xc2\x9c' | *[$'\r\n\x18\x1a']) term_key=none ;;
    *$'\e') term_keep "${1:0:3}"$'\e' ;;
    # another sequence begins in the middle of it
    $'\e'??*$'\e'?) term_ahead=$'\e'${1: -1}$term_ahead ;;
    *) term_keep "${1:0:3}" ;;
  esac
}

term_name_sequence() {
  case $1 in
    $'\e[A' | $'\eOA') term_key=up ;;
    $'\e[B' | $'\eOB') term_key=down ;;
    $'\e[C' | $'\eOC') term_key=right ;;
    $'\e[D' | $'\eOD') term_key=left ;;
    $'\e[5~') term_key=page-up ;;
    $'\e[6~') term_key=page-down ;;
    $'\e[H' | $'\eOH' | $'\e[1~') term_key=home ;;
    $'\e[F' | $'\eOF' | $'\e[4~') term_key=end ;;
    $'\e[200~') term_is_pasting=yes ;;
    *) term_key=none ;;
  esac
}

term_name_key() {
  case $1 in
    $'\n' | $'\r') term_key=enter ;;
    $'\t') term_key=tab ;;
    $'\x7f' | $'\b') term_key=backspace ;;
    $'\x04') term_key=gone ;;
    $'\x1a') term_suspend && term_key=none ;;
    # Ctrl-U and Ctrl-W
    $'\x15' | $'\x17') term_key=clear ;;
    *)
      term_show_plain "$1"
      term_key=${term_plain_text:-none}
      ;;
  esac
}

# Usage: term_read_paste; what is pasted, in one line and without anything that acts on a terminal:
# term_pasted. One whose end does not come ends when nothing came for two seconds.
term_read_paste() {
  local _some _status=0 _text='' _end=$'\e[201~'
  while ((_status == 0)) && [[ $_text != *"$_end" ]]; do
    _some=''
    IFS= read -r -s -d '~' -t 2 _some || _status=$?
    _text+=$_some
    ((_status)) || _text+='~'
  done
  _text=${_text%"$_end"}
  while [[ $_text =~ $'\e['[0-9\;\?]*[A-Za-z~] ]]; do
    _text=${_text/"${BASH_REMATCH[0]}"/}
  done
  # a line that was copied whole
  _text=${_text%$'\n'}
  term_show_plain "${_text//[$'\n\r\t']/ }"
  term_pasted=$term_plain_text
  term_is_pasting=''
  term_key='paste'
}

# Usage: term_show_plain <text>; without what acts on a terminal, or turns what is read: term_plain_text.
term_show_plain() {
  local _char
  term_plain_text=${1//[![:print:]]/}
  for _char in $'\u200e' $'\u200f' $'\u202a' $'\u202b' $'\u202c' $'\u202d' $'\u202e' \
    $'\u2066' $'\u2067' $'\u2068' $'\u2069'; do
    term_plain_text=${term_plain_text//"$_char"/}
  done
}

# Usage: term_key_waits; whether a key was pressed already.
term_key_waits() {
  [[ -n $term_ahead ]] || read -r -t 0
}

# Usage: term_forget_keys; what was pressed until now was not meant for what comes now. To leave is no
# answer to anything, and loses nothing: whoever pressed q, or closed the input, leaves.
term_forget_keys() {
  local _leaves=''
  while [[ $term_key != gone ]] && term_key_waits; do
    term_read_key 0.05
    case $term_key in
      q | Q) _leaves=q ;;
      gone) _leaves=$'\x04' ;;
    esac
  done
  # the rest of it may come yet
  [[ $term_part != $'\e' ]] || term_is_told=yes
  term_ahead=$_leaves$term_ahead
}
