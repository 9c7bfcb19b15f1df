#!/usr/bin/env bats
# The widget, the keys, the log and the saves of the TUIs, as a script sees them.

# shellcheck disable=SC2016 # the script that is run expands it

load test_helper

LIB="$ROOT/test/atk/lib"
FRUIT='a/1| |Apple
b/2|x|banana
c/3| |Cherry
d/4|-|Apricot
e/5| |elderberry'

# Usage: rows <id|mark|text and so on>; what the next play shows
rows() {
  printf '%s\n' "$1" | tr '|' '\t' >"$BATS_TEST_TMPDIR/rows"
}

# Usage: play <keys, as printf takes them>
# Runs the list with these keys; prints the key that ended it, the row it was at, what is chosen.
play() {
  cd "$BATS_TEST_TMPDIR" || return
  [[ -e rows ]] || rows "$FRUIT"
  printf '%b' "$1" >keys
  run env LIB="$LIB" "$BASH" -uo pipefail -c '
    source "$LIB/list.sh"
    exec 3>screen
    term_rows=${ROWS:-24} term_columns=${COLUMNS:-80}
    list_hint="space choose  a all  q leave"
    list_load rows
    list_run <keys
    echo "$list_key at $(list_current)"
    list_chosen' 3>&-
}

# Usage: last_screen; the lines that the list showed last, without styles and empty ones
last_screen() {
  local frame
  frame=$(tr -d '\r' <"$BATS_TEST_TMPDIR/screen")
  frame=${frame##*$'\e[H'}
  printf '%s\n' "$frame" | sed 's/\x1b\[[0-9;?]*[A-Za-z]//g' | grep -v '^ *$'
}

# Usage: script <<'END'; runs the heredoc with the libraries at hand
script() {
  cat >"$BATS_TEST_TMPDIR/script"
  cd "$BATS_TEST_TMPDIR" || return
  run env LIB="$LIB" "$BASH" -uo pipefail script
}

@test "marks come from the file and are counted" {
  play q
  assert_equal "$output" $'q at a/1\nb/2'
  assert_contains "$(last_screen)" '1 chosen, 5 of 5 shown'
}

@test "space marks and moves on, and the second time takes the mark away" {
  play '  q'
  assert_equal "$output" $'q at c/3\na/1'
}

@test "a marks all that can be, and then nothing" {
  play aq
  assert_equal "$output" $'q at a/1\na/1\nb/2\nc/3\ne/5'
  play aaq
  assert_equal "$output" 'q at a/1'
}

@test "what is in ConfigHub already cannot be marked and says so" {
  play 'jjj x'
  assert_equal "$output" $'x at e/5\nb/2'
  assert_contains "$(tr -d '\r' <screen)" 'already in ConfigHub'
}

@test "a filter shows what holds it in any case, and a marks that alone" {
  play '/AP\naq'
  assert_equal "$output" $'q at a/1\na/1\nb/2'
  assert_contains "$(last_screen)" '2 chosen, 2 of 5 shown   /AP'
}

@test "escape takes the filter away, and only then leaves" {
  play '/cherry\n\e'
  assert_equal "$output" $'gone at c/3\nb/2'
  assert_contains "$(last_screen)" '5 of 5 shown'
  play '\e'
  assert_equal "$output" $'escape at a/1\nb/2'
}

@test "a filter is text, not a pattern" {
  rows $'1| |a*b\n2| |a[b]c\n3| |a\\b\n4| |axb'
  play '/*\nq' && assert_equal "$output" 'q at 1'
  play '/[b]\nq' && assert_equal "$output" 'q at 2'
  play '/\\\nq' && assert_equal "$output" 'q at 3'
  play '/x*\nq' && assert_equal "$output" 'q at '
}

@test "backspace makes a filter shorter, also an empty one" {
  play '/ap\x7f\x7f\x7fel\nq'
  assert_equal "$output" $'q at e/5\nb/2'
}

@test "keys of commands are letters while a filter is typed" {
  play '/qakj'
  assert_equal "$output" $'gone at \nb/2'
}

@test "the cursor stays within the list and on its row under a filter" {
  play 'kkkq' && assert_equal "${lines[0]}" 'q at a/1'
  play 'jjjjjjjjq' && assert_equal "${lines[0]}" 'q at e/5'
  play '\e[Fq' && assert_equal "${lines[0]}" 'q at e/5'
  play '\e[F\e[Hq' && assert_equal "${lines[0]}" 'q at a/1'
  play 'jj/r\nq' && assert_equal "${lines[0]}" 'q at c/3'
}

@test "page keys move by half a screen" {
  rows "$(seq 1 100 | sed 's/.*/&| |row &/')"
  ROWS=20 play '\e[6~\e[6~q' && assert_equal "$output" 'q at 21'
  ROWS=20 play '\e[6~\e[6~\e[5~q' && assert_equal "$output" 'q at 11'
}

@test "a list longer than the screen shows the row of the cursor and the foot" {
  rows "$(seq 1 100 | sed 's/.*/&| |row &/')"
  ROWS=10 play '\e[Fq'
  assert_contains "$(last_screen)" '> [ ] row 100'
  assert_contains "$(last_screen)" 'q leave'
  assert_equal "$(last_screen | wc -l)" 9
}

@test "an empty list takes every key" {
  : >"$BATS_TEST_TMPDIR/rows"
  play ' ajk/x\n\e\e[6~\e[5~\e[F\e[Hq'
  assert_equal "$output" 'q at '
  assert_contains "$(last_screen)" '0 chosen, 0 of 0 shown'
}

@test "ids and texts with odd characters come back as they were" {
  local odd='-n %s $(touch x) `id` "quoted" '\''single'\'' \t * [a-z] ~ & ;'
  rows "$odd| |text of $odd"
  play ' q'
  assert_equal "$output" "q at $odd
$odd"
  assert_contains "$(last_screen)" "text of ${odd:0:40}"
  [[ ! -e x ]]
}

@test "a sequence that nobody knows is no key, and what follows is" {
  play '\e[1;5Aq' && assert_equal "${lines[0]}" 'q at a/1'
  play '\e[99~jq' && assert_equal "${lines[0]}" 'q at b/2'
  play '\eOBq' && assert_equal "${lines[0]}" 'q at b/2'
}

@test "a key that the list does not know ends it" {
  play r && assert_equal "${lines[0]}" 'r at a/1'
  play '\t' && assert_equal "${lines[0]}" 'tab at a/1'
  play '\n' && assert_equal "${lines[0]}" 'enter at a/1'
  play '\e[C' && assert_equal "${lines[0]}" 'right at a/1'
}

@test "the end of input and Ctrl-D end it" {
  play '' && assert_equal "${lines[0]}" 'gone at a/1'
  play '\x04j' && assert_equal "${lines[0]}" 'gone at a/1'
}

@test "a hint that is too long continues in the next line" {
  COLUMNS=22 play q
  assert_contains "$(last_screen)" $'  space choose  a all\n  q leave'
}

@test "a terminal that was not opened can be closed" {
  script <<<'source "$LIB/terminal.sh"; source "$LIB/terminal.sh"; term_close; term_close; echo $?'
  assert_equal "$output" 0
}

@test "a box is as wide as it wants to be, as the screen allows, as it can be read" {
  script <<<'source "$LIB/terminal.sh"
for term_columns in 20 50 200; do term_box_width 66; echo; done'
  assert_equal "$output" $'40\n50\n66'
}

@test "no two logs have one name, and each says whose it is" {
  script <<'END'
source "$LIB/log.sh"
for number in 1 2 3; do log_begin; log_head "import-$number" "$log_path"; log "line $number"; done
ls "$HOME/.confighub/logs" | wc -l
grep -c "Session: import-3" "$log_path"
[[ $(log_short) == "~/.confighub/logs/tui-import-$log_stamp.log" ]] && echo short
END
  assert_equal "$output" $'3\n1\nshort'
}

@test "a new session's stamp is no other session's, in the archive or deleted in the same second" {
  mkdir -p "$HOME/.confighub/sessions/archive"
  : >"$HOME/.confighub/sessions/import-2026-01-09-143022.json"
  : >"$HOME/.confighub/sessions/archive/import-2026-01-09-143022-2.json"
  script <<'END'
source "$LIB/log.sh"
SESSION_DIR=$HOME/.confighub/sessions
date() { printf 2026-01-09-143022; }
log_begin import-2026-01-09-143022-3
echo "$log_stamp ${log_path##*/}"
CONFIGHUB_LOG_DIR=/dev/null/logs log_begin import-2026-01-09-143022-3
echo "$log_stamp $log_problem"
log_begin
echo "$log_stamp"
END
  assert_equal "${lines[0]}" "2026-01-09-143022-4 tui-import-2026-01-09-143022-4.log"
  assert_equal "${lines[1]}" "2026-01-09-143022-4 no log: cannot create /dev/null/logs"
  assert_equal "${lines[2]}" "2026-01-09-143022-3"
}

@test "a log that cannot be written is reported and stops nothing" {
  : >"$HOME/.confighub"
  script <<<'source "$LIB/log.sh"; log_begin; log_head s; log text; echo "$? $log_problem"'
  assert_equal "$output" "0 no log: cannot create $HOME/.confighub/logs"
}

@test "only a log of an import is opened, whatever a session names" {
  mkdir -p "$HOME/.confighub/logs"
  echo secret >"$HOME/secret"
  ln -s "$HOME/secret" "$HOME/.confighub/logs/tui-import-link.log"
  script <<'END'
source "$LIB/log.sh"
logs=$HOME/.confighub/logs
for path in "$HOME/secret" "$logs/tui-import-link.log" "$logs/tui-import-/../../secret" \
  "$logs/tui-import-none.log" $'x\e[2J' ''; do
  log_view "$path" && echo opened
done
cat "$HOME/secret" >"$logs/tui-import-real.log"
log_view "$logs/tui-import-real.log"
END
  assert_equal "$(grep -c 'no import log to show' <<<"$output")" 6
  assert_equal "${lines[6]}" secret
  [[ $output != *opened* && $output != *$'\e'* ]]
}

@test "what is quoted is JSON" {
  command -v jq >/dev/null || skip 'jq is not installed'
  script <<<'source "$LIB/save.sh"; save_quote $'\''a "b" \\c\td\ne'\'
  assert_equal "$(jq -r . <<<"$output")" 'a "b" \c?d?e'
}

@test "saves are bound to what this terminal knows" {
  script <<'END'
source "$LIB/save.sh"
save_prepare && echo '{"a": 1}' >data
save_begin scan data && save_step review data && save_step select
echo "$? $(session_get_step) $save_revision $(session_get revision)"
session_save review '{"by": "another"}'
save_step connect data
echo "$? ${save_is_lost:-no} $(session_get_step)"
END
  assert_equal "${lines[0]}" '0 select 3 3'
  assert_equal "${lines[1]}" '6 yes review'
}

@test "a save that fails names the file with the DATA and the command that saves it" {
  script <<'END'
source "$LIB/save.sh"
TMPDIR="$PWD" && save_prepare && echo '{"a": "kept"}' >"my data"
save_begin scan "my data"
SESSION_FILE="$SESSION_DIR/import-latest.json"
mv "$SESSION_DIR" "$HOME/away" && : >"$SESSION_DIR"
save_step review "my data"
echo "$? $save_problem"
rm "$SESSION_DIR" && mv "$HOME/away" "$SESSION_DIR"
eval "$save_unsaved" && echo "$(session_get_step) $(session_get a --raw)"
END
  assert_contains "${lines[0]}" "7 "
  assert_contains "${lines[0]}" ".confighub/sessions"
  assert_equal "${lines[1]}" 'review kept'
}

@test "the command to go back is as short as can be, and goes wherever one is" {
  mkdir -p "$HOME/tree/test/atk" "$HOME/tree/.venv/bin" "$HOME/other"
  cp -R "$LIB" "$HOME/tree/test/atk/lib"
  cp -R "$ROOT/session_cli" "$HOME/tree/session_cli"
  printf '#!/bin/sh\n' | tee "$HOME/tree/.venv/bin/session-cli" >"$HOME/other/session-cli"
  chmod +x "$HOME/tree/.venv/bin/session-cli" "$HOME/other/session-cli"
  script <<'END'
tree=$(CDPATH='' cd "$HOME/tree" && pwd)
source "$HOME/tree/test/atk/lib/save.sh"
tell() { printf '%s\n' "$(save_command)"; }
save_user_path="$tree/.venv/bin:$PATH" && tell
save_user_path="$HOME/other:$PATH" && tell | sed "s|^$tree|TREE|"
(cd "$tree" && SESSION_DIR=/d && tell)
rm "$tree/.venv/bin/session-cli" && tell
END
  assert_equal "$output" "session-cli
TREE/.venv/bin/session-cli
.venv/bin/session-cli --dir /d
session-cli"
}

@test "of a word that is wider than the screen nothing is lost" {
  script <<'END'
source "$LIB/terminal.sh"
term_columns=10
term_fold ' ' 'go 123456789abcdefghijklmnop on'
printf '%s\n' "${term_folded[@]}"
END
  assert_equal "$output" $'  go\n  12345678\n9abcdefghi\njklmnop on'
}

@test "work that is begun as a signal comes is stopped, too" {
  script <<'END'
source "$LIB/events.sh"
events_work() { exec sleep 30; }
save_prepare
trap 'save_leave; trap - EXIT DEBUG; events_stop; ! kill -9 "$!" || echo left; save_let_go' EXIT
trap 'save_on_signal 143' TERM
set -T
trap '[[ $BASH_COMMAND != "events_pid=\$!" ]] || kill -TERM $$' DEBUG
events_run scan Scanning true
END
  assert_status 143
  [[ $output != *left* ]] || fail "$output"
}

@test "nothing in the libraries is newer than bash 3.2, but for timeouts of read and a coproc" {
  local newer='mapfile|readarray|wait -n|\|&|&>>|;;&|;&|printf .*%\(|read -N|\[\[ -v|EPOCH'
  newer+='|globstar|lastpipe|(declare|local|typeset) -[a-z]*[Agnlu]|\$\{[A-Za-z_]+(\[[^]]*\])?(,|\^|@)'
  newer+='|\[-[0-9]+\]\}|\{[a-z_]+\}[<>]'
  run grep -nE "$newer" "$LIB"/*.sh
  assert_equal "$output" ''
}
