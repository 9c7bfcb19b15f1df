#!/usr/bin/env bash
# A list to move in, filter and choose from: arrows, space, a, /, enter. Nothing here leaves bash,
# so that a key is answered at once, also in a list of thousands.
#
# The caller sets list_head to a function that draws the lines above the list (term_line), and
# list_hint to the line below it; list_on_idle is called when nothing was pressed for a second and
# list_is_changed is set, which is the function's to clear.

# shellcheck disable=SC2034 # who sources this reads list_key and list_chosen_count

# shellcheck source=terminal.sh
source "${BASH_SOURCE[0]%/*}/terminal.sh"

list_ids=()
list_marks=()
list_texts=()
list_words=()
list_shown=()
list_cursor=0
list_top=0
list_filter=''
list_is_typing=''
list_is_changed=''
list_can_choose=yes
list_head=:
list_hint=''
list_message=''
list_on_idle=:
list_key=''
list_chosen_count=0

# Usage: list_load <file>; rows of `id<tab>mark<tab>text`, in printable ASCII.
list_load() {
  local _row _rest
  list_ids=() list_marks=() list_texts=() list_words=() list_shown=()
  list_cursor=0
  list_top=0
  list_filter=''
  list_is_typing=''
  list_is_changed=''
  while IFS= read -r _row; do
    _rest=${_row#*$'\t'}
    list_ids+=("${_row%%$'\t'*}")
    list_marks+=("${_rest%%$'\t'*}")
    list_texts+=("${_rest#*$'\t'}")
    # the text may be cut to the screen, the id never is
    list_words+=("${_rest#*$'\t'} ${_row%%$'\t'*}")
  done <"$1"
  list_count
  list_apply_filter
}

# Usage: list_chosen; prints the ids of what is chosen, one on a line.
list_chosen() {
  local _index
  for ((_index = 0; _index < ${#list_ids[@]}; _index++)); do
    [[ ${list_marks[_index]} != x ]] || printf '%s\n' "${list_ids[_index]}"
  done
}

# Usage: list_current; prints the id of the row under the cursor.
list_current() {
  ((${#list_shown[@]} == 0)) || printf '%s\n' "${list_ids[${list_shown[list_cursor]}]}"
}

# Usage: list_apply_filter; works out which rows are shown, from all of them.
list_apply_filter() {
  list_show_of ${list_ids[@]+"${!list_ids[@]}"}
}

# Usage: list_show_of <index> ...; of these rows, shows those that the filter lets through. The
# cursor stays on its row if it can.
list_show_of() {
  local LC_ALL=C _index _before=${list_shown[list_cursor]:--1} _had_nocasematch=1
  if [[ -z $list_filter ]]; then
    list_shown=("$@")
  else
    shopt -q nocasematch || _had_nocasematch=0
    shopt -s nocasematch
    list_shown=()
    for _index in "$@"; do
      [[ ${list_words[_index]} != *"$list_filter"* ]] || list_shown+=("$_index")
    done
    ((_had_nocasematch)) || shopt -u nocasematch
  fi
  list_cursor=0
  for _index in ${list_shown[@]+"${!list_shown[@]}"}; do
    [[ ${list_shown[_index]} != "$_before" ]] || { list_cursor=$_index && break; }
  done
}

# Usage: list_run; shows the list until a key ends it, which is then in list_key.
#
# Keys that the list does not know end it: the caller knows what they mean, or runs it again.
list_run() {
  local _must_draw=yes
  list_key=''
  while [[ -z $list_key ]]; do
    [[ -z $_must_draw && -z $term_resized ]] || list_draw
    _must_draw=yes
    term_read_key 1
    if [[ $term_key == none ]]; then
      _must_draw=''
      if [[ -n $list_is_changed ]]; then
        "$list_on_idle"
        _must_draw=yes
      fi
    elif [[ -n $list_is_typing ]]; then
      list_type
    else
      list_message=''
      list_press
    fi
  done
}

list_press() {
  case $term_key in
    [[:upper:]]) term_key=$(term_lower "$term_key") ;;
  esac
  case $term_key in
    up | k) list_move -1 ;;
    down | j) list_move 1 ;;
    page-up) list_move "-$((term_rows / 2))" ;;
    page-down) list_move "$((term_rows / 2))" ;;
    home) list_move -1000000 ;;
    end) list_move 1000000 ;;
    / ) list_is_typing=yes ;;
    ' ') if [[ -n $list_can_choose ]]; then list_toggle; list_move 1; fi ;;
    a) if [[ -n $list_can_choose ]]; then list_toggle_all; else list_key=a; fi ;;
    escape) if [[ -n $list_filter ]]; then list_filter=''; list_apply_filter; else list_key=escape; fi ;;
    # it was meant for something else
    paste) ;;
    *) list_key=$term_key ;;
  esac
}

# A key while the filter is being typed.
list_type() {
  case $term_key in
    enter) list_is_typing='' ;;
    escape)
      list_is_typing=''
      list_filter=''
      list_apply_filter
      ;;
    backspace)
      list_filter=${list_filter%?}
      list_apply_filter
      ;;
    up) list_move -1 ;;
    down) list_move 1 ;;
    paste)
      list_filter+=$term_pasted
      list_apply_filter
      ;;
    clear)
      list_filter=''
      list_apply_filter
      ;;
    gone) list_key=gone ;;
    ?)
      list_filter+=$term_key
      list_show_of ${list_shown[@]+"${list_shown[@]}"}
      ;;
  esac
}

list_move() {
  local _last=$((${#list_shown[@]} - 1))
  list_cursor=$((list_cursor + $1))
  ((list_cursor <= _last)) || list_cursor=$_last
  ((list_cursor >= 0)) || list_cursor=0
}

list_toggle() {
  ((${#list_shown[@]} > 0)) || return 0
  local _index=${list_shown[list_cursor]}
  case ${list_marks[_index]} in
    -) list_message='already in ConfigHub' && return 0 ;;
    x) list_marks[_index]=' ' && list_chosen_count=$((list_chosen_count - 1)) ;;
    *) list_marks[_index]=x && list_chosen_count=$((list_chosen_count + 1)) ;;
  esac
  list_is_changed=yes
}

# Everything shown is chosen; if it is already, nothing of it is. A row with the mark - stays so.
list_toggle_all() {
  local _index _marks _from=x _to=' '
  ((${#list_shown[@]} > 0)) || return 0
  list_is_changed=yes
  if ((${#list_shown[@]} == ${#list_ids[@]})); then
    # all at once: one by one thousands of rows would take too long
    printf -v _marks '%s' "${list_marks[@]}"
    if [[ $_marks == *' '* ]]; then _from=' ' _to=x; fi
    list_marks=("${list_marks[@]/"$_from"/$_to}")
  else
    for _index in "${list_shown[@]}"; do
      [[ ${list_marks[_index]} != ' ' ]] || { _from=' ' _to=x && break; }
    done
    for _index in "${list_shown[@]}"; do
      [[ ${list_marks[_index]} != "$_from" ]] || list_marks[_index]=$_to
    done
  fi
  list_count
}

# Usage: list_count; learns how many rows are chosen.
list_count() {
  local _marks=''
  ((${#list_marks[@]} == 0)) || printf -v _marks '%s' "${list_marks[@]}"
  _marks=${_marks//[!x]/}
  list_chosen_count=${#_marks}
}

list_draw() {
  term_begin
  "$list_head"
  term_fold '  ' "$list_hint"
  local _room=$((term_rows - term_frame_rows - 2 - ${#term_folded[@]})) _row
  ((_room > 0)) || _room=1
  ((list_cursor >= list_top)) || list_top=$list_cursor
  ((list_cursor < list_top + _room)) || list_top=$((list_cursor - _room + 1))
  ((list_top + _room <= ${#list_shown[@]})) || list_top=$((${#list_shown[@]} - _room))
  ((list_top >= 0)) || list_top=0
  for ((_row = list_top; _row < list_top + _room; _row++)); do
    if ((_row < ${#list_shown[@]})); then list_draw_row "$_row"; else term_line; fi
  done
  list_draw_foot
  term_end
}

list_draw_row() {
  local _index=${list_shown[$1]} _line=' '
  (($1 != list_cursor)) || _line='>'
  if [[ -n $list_can_choose ]]; then
    _line+=" [${list_marks[_index]}] ${list_texts[_index]}"
  else
    _line+=" ${list_texts[_index]}"
  fi
  _line=${_line:0:term_columns}
  (($1 != list_cursor)) || _line=$term_reverse$_line
  term_line "$_line"
}

list_draw_foot() {
  local _facts="${#list_shown[@]} of ${#list_ids[@]} shown"
  [[ -z $list_can_choose ]] || _facts="$list_chosen_count chosen, $_facts"
  [[ -z $list_filter && -z $list_is_typing ]] || _facts+="   /$list_filter${list_is_typing:+_}"
  term_line "  $term_dim$_facts"
  term_line "  $term_bold${list_message:0:term_columns}"
  local _line
  for _line in "${term_folded[@]}"; do term_line "$_line"; done
}
