#!/usr/bin/env bats
# What a script notices of the sourced session.sh besides its functions: nothing.

load test_helper

SHIM="$ROOT/test/atk/lib/session.sh"

# Usage: script <<'END'
# Runs the heredoc as a script of its own in a folder of its own, with SHIM set.
script() {
  local file="$BATS_TEST_TMPDIR/script"
  cat >"$file"
  cd "$BATS_TEST_TMPDIR" || return
  run env SHIM="$SHIM" "$BASH" "$file"
}

# A state that only session-cli can judge, so that every call needs the process.
lay_compact_state() {
  (umask 077 && mkdir -p "$HOME/.confighub/sessions")
  printf '{"step":"scan"}' >"$HOME/.confighub/sessions/import-latest.json"
}

# shellcheck disable=SC2016 # the script expands it
LOOK='look() {
  set +o; shopt -p; trap -p; alias; umask; pwd; ulimit -a; printf "IFS is %q\n" "$IFS"
  declare -F; compgen -v | grep -vxE "PIPESTATUS|BASH_[A-Z]+|COMP_[A-Z]+|_" | sort
}
expected="^> (declare -f (__)?session_[a-z_]+|(__session|SESSION)_[A-Za-z_]+)\$"
compare() { diff before after | grep "^[<>]" | grep -vE "$expected"; }'

@test "sourcing changes no option, trap, IFS, function or variable but its own" {
  script <<END
$LOOK
trap 'echo bye' EXIT; trap '' HUP; set -f; shopt -s nullglob extglob; IFS=:
look >before
source "\$SHIM"
look >after
compare
END
  assert_equal "$output" "bye"
}

@test "using it changes no option, trap, IFS, function or variable but its own" {
  lay_compact_state
  script <<END
$LOOK
trap 'echo bye' EXIT; trap '' HUP; set -f; shopt -s nullglob extglob; IFS=:
look >before
source "\$SHIM"
session_init; session_exists; session_load; session_get_step; session_save review '{"a": 1}'
session_exists; session_load >/dev/null; session_get_step; printf '{}' | session_save verify -
SESSION_DIR="\$PWD/other"; session_exists; session_get_step; session_save scan; session_clear
look >after
compare
END
  assert_equal "$output" '{"step":"scan"}scan
review
none
bye'
}

@test "sourcing prints nothing, wherever the caller stands" {
  script <<'END'
for options in "" "-e" "-u" "-o pipefail" "-euo pipefail" "-f" "-C" "-a" "-o posix"; do
  "$BASH" ${options} -c 'source "$SHIM" && source "$SHIM"' || echo "failed with $options"
done
env -u HOME "$BASH" -uec 'source "$SHIM"'
env -i "$BASH" -uec 'source "$1"' - "$SHIM"
END
  assert_status 0
  assert_equal "$output" ""
}

@test "a second source resets nothing" {
  script <<'END'
set -euo pipefail
source "$SHIM"
SESSION_DIR="$PWD/mine"
SESSION_FILE="$SESSION_DIR/my.json"
session_save review
source "$SHIM"
printf '%s\n' "$SESSION_DIR" "$SESSION_FILE"
session_get_step
END
  assert_equal "$output" "$BATS_TEST_TMPDIR/mine
$BATS_TEST_TMPDIR/mine/my.json
review"
}

@test "a child script of a script that exports everything can source it again" {
  script <<'END'
set -a
source "$SHIM"
session_save review
"$BASH" -euc 'source "$SHIM"; session_get_step; session_save verify; session_get_step'
END
  assert_equal "$output" "review
verify"
}

@test "exported functions without their variables are defined anew" {
  script <<'END'
source "$SHIM"
session_save review
export -f __session_run session_get_step
"$BASH" -euc 'source "$SHIM"; session_get_step'
END
  assert_equal "$output" "review"
}

@test "a script keeps its own functions and variables, whichever comes first" {
  script <<'END'
set -euo pipefail
log() { printf 'log: %s\n' "$1"; }
SPACE="my space" LOG_FILE="my log" step="my step" data="my data" head="my head" body="my body"
source "$SHIM"
main() { session_save review '{"a": 1}'; log "$(session_get_step)"; session_exists; }
status_icon() { printf 'ok\n'; }
rest="my rest" source="my source" link="my link" python="my python" first="my first"
main
printf '%s\n' "$(status_icon)" "$SPACE" "$LOG_FILE" "$step" "$data" "$head" "$body" "$rest" \
  "$source" "$link" "$python" "$first"
END
  assert_equal "$output" "log: review
ok
my space
my log
my step
my data
my head
my body
my rest
my source
my link
my python
my first"
}

@test "no call that succeeds sets off an ERR trap or ends a strict script" {
  lay_compact_state
  script <<'END'
set -Eeuo pipefail
trap 'echo "ERR at $LINENO"' ERR
source "$SHIM"
session_init
session_exists
session_load >/dev/null
session_get_step
session_save review
session_save verify '{"a": 1}'
session_exists
session_load >/dev/null
session_get_step
session_clear
session_get_step
session_load
echo end
END
  assert_status 0
  assert_equal "$output" "scan
verify
none
end"
}

@test "a strict script ends at session_exists without a session" {
  script <<'END'
set -e
source "$SHIM"
session_exists
echo not reached
END
  assert_status 1
  assert_equal "$output" ""
}

@test "the caller's stdin is left alone, except for a dash" {
  lay_compact_state
  script <<'END'
source "$SHIM"
printf '%s\n' one two | {
  session_init; session_exists; session_load >/dev/null; session_get_step >/dev/null
  session_save a; session_save b ''; session_save c '{"x": 1}'; session_get_step >/dev/null
  session_exists; session_clear; session_save d; cat
}
printf '{"y": 2}' | { session_save e -; cat; }
session_load | grep '"y"'
END
  assert_equal "$output" 'one
two
  "y": 2'
}

@test "background jobs and the process id of the last one stay the caller's" {
  script <<'END'
source "$SHIM"
read -r _ < <(:) || :
sleep 60 &
job=$!
session_init; session_save review; session_save verify '{"a": 1}'; session_get_step
[[ $! == "$job" ]] && echo 'same $!'
[[ $(jobs -p) == "$job" ]] && echo "one job"
kill "$job"
END
  assert_equal "$output" "verify
same \$!
one job"
}

@test "saves in the background all arrive" {
  script <<'END'
source "$SHIM"
session_init
for name in a b c d e f; do session_save scan "{\"$name\": \"$name\"}" & done
wait
for name in a b c d e f; do session_load | grep -c "\"$name\": \"$name\""; done | sort -u
END
  assert_equal "$output" "1"
}

@test "a state that cannot be opened is an error, not the one read before" {
  if ! command -v setpriv >/dev/null; then skip "setpriv is not installed"; fi
  script <<'END'
source "$SHIM"
session_save review
session_get_step
chmod 000 "$SESSION_DIR"/import-2*.json
session_get_step 2>/dev/null
echo "$?"
session_load 2>/dev/null
echo "$?"
END
  if [[ $EUID == 0 ]]; then
    run setpriv --bounding-set -dac_override,-dac_read_search \
      env HOME="$BATS_TEST_TMPDIR" SHIM="$SHIM" "$BASH" "$BATS_TEST_TMPDIR/script"
  fi
  assert_equal "$output" "review
4
4"
}

@test "the folder can be changed at any time and the pointer goes along" {
  script <<'END'
set -u
source "$SHIM"
session_save scan
SESSION_DIR="$PWD/a b"
session_exists || session_save review
printf '%s\n' "$(session_get_step)" "$SESSION_FILE"
SESSION_DIR="$HOME/.confighub/sessions"
session_get_step
END
  assert_equal "$output" "review
$BATS_TEST_TMPDIR/a b/import-latest.json
scan"
}

@test "the type can be changed and the pointer goes along" {
  script <<'END'
source "$SHIM"
session_save scan
SESSION_TYPE=map
session_exists || session_save view
session_get_step
printf '%s\n' "${SESSION_FILE##*/}"
END
  assert_equal "$output" "view
map-latest.json"
}

@test "the environment says where the sessions are" {
  # shellcheck disable=SC2030 # each test is a shell of its own
  export CONFIGHUB_SESSION_DIR="$BATS_TEST_TMPDIR/from environment" CONFIGHUB_SESSION_TYPE=map
  script <<'END'
source "$SHIM"
session_save view
printf '%s\n' "$SESSION_DIR" "$SESSION_FILE"
session_get_step
[[ ! -e $HOME/.confighub ]]
END
  assert_status 0
  assert_equal "$output" "$BATS_TEST_TMPDIR/from environment
$BATS_TEST_TMPDIR/from environment/map-latest.json
view"
}

@test "CONFIGHUB_SESSION_FILE is the pointer, here as for session-cli" {
  export CONFIGHUB_SESSION_FILE="$BATS_TEST_TMPDIR/elsewhere/mine.json"
  run bash -c "source '$SHIM'; session_save scan; session_get_step; echo \"\$SESSION_FILE\""
  assert_equal "$output" "scan
$CONFIGHUB_SESSION_FILE"
  [[ -L $CONFIGHUB_SESSION_FILE ]]
}

# Usage: assert_refused <code> <<'END'
# Each of these calls is answered by exit code and in one line, by session-cli in the same words.
assert_refused() {
  local call by_function
  while read -r call; do
    echo "session_$call"
    # shellcheck disable=SC2086 # the words of a call
    by_function=$(answer session_$call </dev/null)
    assert_equal "${by_function%%$'\n'*} $(grep -c '' <<<"$by_function")" "$1 2"
    # shellcheck disable=SC2086
    assert_equal "$by_function" "$(answer session-cli ${call/_/-} </dev/null)"
  done
}

# Usage: answer <command> ...; its exit code, then what it printed.
answer() {
  local code=0 printed
  printed=$("$@" 2>&1) || code=$?
  printf '%s\n%s\n' "$code" "$printed"
}

@test "a type that there is not is recognised by every function, as by session-cli" {
  # shellcheck disable=SC2031 # each test is a shell of its own
  export CONFIGHUB_SESSION_TYPE=bogus SESSION_TYPE=bogus
  assert_refused 2 <<'END'
init
exists
load
get_step
clear
save scan
save scan {}
get step
status
list
history
resume
rollback 1
new
render status
start
check
END
  run session_lease
  assert_equal "$status ${#lines[@]}" "2 1"
  assert_contains "$output" "unknown type 'bogus'"
  [[ ! -e $HOME/.confighub ]]
}

@test "a type is looked at whenever it was changed" {
  script <<'END'
source "$SHIM"
session_save scan
for SESSION_TYPE in bogus Import '../x' 'import ' '*'; do
  session_exists; session_load; session_get_step; session_clear
  echo "$?"
done 2>&1 | LC_ALL=C sort | uniq -c | sed 's/^ *//; s/session-cli: //; s/; choose.*//'
shopt -s nocasematch
SESSION_TYPE=IMPORT
session_get_step 2>/dev/null || echo "$?"
SESSION_TYPE=
session_get_step
SESSION_TYPE=import
session_get_step
END
  assert_equal "$output" "5 2
4 unknown type '*'
4 unknown type '../x'
4 unknown type 'Import'
4 unknown type 'bogus'
4 unknown type 'import '
2
scan
scan"
}

@test "the types are those of session-cli" {
  local type types
  types=$(PYTHONPATH="$ROOT" python3 -c 'from session_cli.steps import TYPES; print(*TYPES)')
  for type in $types; do
    assert_equal "$(CONFIGHUB_SESSION_TYPE=$type "$BASH" -c "source '$SHIM'
      PATH=/nowhere; session_get_step")" "none"
  done
}

@test "a folder of another user is recognised by every function, as by session-cli" {
  if [[ $EUID != 0 ]]; then skip "only root can give a folder away"; fi
  local reads='exists
load
get_step
get step
status
list
list --all
list --json
history
start
render resume-prompt
delete'
  session_save scan
  chown 1001 "$SESSION_DIR"
  assert_refused 4 <<<"$reads"
  run session_lease
  assert_equal "$status ${#lines[@]}" "4 1"
  assert_refused 7 <<'END'
save scan
save scan {}
init
clear
resume
rollback 1
new
END
  [[ ! -e $SESSION_DIR/.lease ]]
  # without a session in it, too
  rm "$SESSION_DIR"/*.json
  assert_refused 4 <<<"$reads"
}

@test "a folder that cannot be entered is no folder without sessions" {
  if ! command -v setpriv >/dev/null; then skip "setpriv is not installed"; fi
  script <<'END'
source "$SHIM"
session_save scan
for folder in "$SESSION_DIR" "$HOME/.confighub" "$HOME"; do
  chmod 000 "$folder"
  for verb in exists load get-step; do
    session-cli "$verb" 2>/dev/null
    code=$?
    "session_${verb/-/_}" 2>/dev/null
    echo "$code $?"
  done
  chmod 700 "$folder"
done
END
  if [[ $EUID == 0 ]]; then
    rm -rf "$HOME/.confighub"
    run setpriv --bounding-set -dac_override,-dac_read_search \
      env SHIM="$SHIM" "$BASH" "$BATS_TEST_TMPDIR/script"
  fi
  assert_equal "$(sort -u <<<"$output")" "4 4"
}

@test "session_lease without a session makes nothing" {
  run session_lease
  assert_equal "$status ${#lines[@]}" "3 1"
  [[ ! -e $SESSION_DIR ]]
}

@test "without a HOME reads find nothing and a save fails with a hint" {
  script <<'END'
unset HOME
source "$SHIM"
session_get_step
session_load
session_exists || echo "no session"
session_clear
session_save scan
echo "$?"
END
  assert_contains "$output" "none
no session
session-cli: not saved: HOME is not set"
  assert_equal "${lines[3]}" "7"
}

@test "a refused save says so in one line and leaves the exit code" {
  script <<'END'
source "$SHIM"
session_save review
session_save verify '[1]'
echo "$?"
session_save
echo "$?"
session_get_step
END
  assert_equal "${#lines[@]}" 5
  assert_contains "${lines[0]}" "DATA"
  assert_contains "${lines[2]}" "step"
  assert_equal "${lines[1]} ${lines[3]} ${lines[4]}" "2 2 review"
}

@test "session_lease holds the session for as long as the shell lives" {
  script <<'END'
umask 000
source "$SHIM"
session_save scan
session_lease
find "$HOME/.confighub/sessions" -perm -004 ! -type l
"$BASH" -c 'source "$SHIM"; session_lease 2>&1; echo "$?"' 9>&- | sed "s/process $$ /process PID /"
END
  assert_contains "${lines[0]}" "is open in process PID on"
  assert_equal "${#lines[@]} ${lines[1]}" "2 5"
  script <<'END'
source "$SHIM"
session_lease && echo free
END
  assert_equal "$output" "free"
}

@test "nothing in our bash is newer than version 3.2" {
  local newer='mapfile|readarray|wait -n|\|&|&>>|;;&|;&|printf .*%\(|read -N|\[\[ -v|EPOCH|coproc'
  newer+='|globstar|lastpipe|(declare|local|typeset) -[a-z]*[Agnlu]|\$\{[A-Za-z_]+(\[[^]]*\])?(,|\^|@)'
  newer+='|\[-[0-9]+\]\}|\{[a-z_]+\}[<>]'
  run grep -nE "$newer" "$ROOT"/test/atk/lib/*.sh "$ROOT"/test/atk/map*
  assert_equal "$output" ''
}
