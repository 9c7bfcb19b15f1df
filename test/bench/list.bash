#!/usr/bin/env bash
# Says how long the list of map-import takes from a key to the redrawn list, with 5,000 rows.
#
# Usage: list.bash [<rounds>]
#
# The budget is 50 ms: what follows a key within that seems to follow at once.

if [[ -z ${EPOCHREALTIME-} ]]; then
  echo 'bench: bash 5 or later is needed to time the list; it is left out'
  exit 0
fi

# shellcheck source=../atk/lib/list.sh
source "${BASH_SOURCE[0]%/*}/../atk/lib/list.sh"

rows=5000
budget=50
rounds=${1:-21}

# Usage: make_rows; workloads as `session-cli cluster rows workloads` prints them.
make_rows() {
  local _number
  for ((_number = 0; _number < rows; _number++)); do
    printf 'team-%d/Deployment/payment-api-%d\tx\tteam-%-6d payment-api-%-6d Deployment  Flux  3/3\n' \
      $((_number % 300)) "$_number" $((_number % 300)) "$_number"
  done
}

# Usage: press <key>; what list_run does with one.
press() {
  term_key=$1
  if [[ -n $list_is_typing ]]; then list_type; else list_press; fi
  list_draw
}

# Usage: measure <what it is> <key> ...; the last key is timed, the others lead up to it.
measure() {
  local _label=$1 _round _begin _end _key _times=() _median
  shift
  for ((_round = 0; _round < rounds; _round++)); do
    list_filter='' list_is_typing='' list_cursor=0
    list_apply_filter
    for _key in "${@:1:$#-1}"; do press "$_key"; done
    _begin=${EPOCHREALTIME//[!0-9]/}
    press "${!#}"
    _end=${EPOCHREALTIME//[!0-9]/}
    _times+=($((_end - _begin)))
  done
  _median=$(printf '%s\n' "${_times[@]}" | sort -n | sed -n "$((rounds / 2 + 1))p")
  printf '%-34s %4d.%d ms  %s\n' "$_label" $((_median / 1000)) $((_median % 1000 / 100)) \
    "$( ((_median < budget * 1000)) && echo within || echo OVER)"
}

exec 3>/dev/null
term_rows=50
term_columns=200
file=$(mktemp) || exit
trap 'rm -f "$file"' EXIT
make_rows >"$file"
list_load "$file"
printf '\nThe list, %d rows, %d lines shown, median of %d, budget %d ms:\n\n' \
  "$rows" "$term_rows" "$rounds" "$budget"
measure 'down' down
measure 'page down' page-down
measure 'end of the list' end
measure 'space' ' '
measure 'a, choosing all or none' a
measure 'the first letter of a filter' / p
measure 'a further letter' / p a
measure 'a letter that nothing has' / p z
measure 'taking a letter back' / p a backspace
measure 'dropping the filter' / p enter escape
