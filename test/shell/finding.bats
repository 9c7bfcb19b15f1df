#!/usr/bin/env bats
# Which session-cli the functions run, from wherever the file was sourced.
# shellcheck disable=SC2016 # the shells that are run expand what is in single quotes

load test_helper

REAL_PYTHON=$(python3 -c 'import sys; print(sys.executable)')
VERSION=$("$REAL_PYTHON" -c 'import sys; print(*sys.version_info[:2])')

# A folder of commands that holds a real python3 and what the tests themselves need: no session-cli.
make_bin() {
  BIN="$BATS_TEST_TMPDIR/bin"
  mkdir -p "$BIN"
  ln -s "$REAL_PYTHON" "$BIN/python3"
  local tool
  for tool in readlink cat; do ln -s "$(type -P "$tool")" "$BIN/$tool"; done
}

# A fresh clone with nothing installed, in a folder with a space.
make_clone() {
  CLONE="$BATS_TEST_TMPDIR/my clone"
  mkdir -p "$CLONE/test"
  cp -R "$ROOT/session_cli" "$CLONE/session_cli"
  cp -R "$ROOT/test/atk" "$CLONE/test/atk"
}

# An environment in which pip has installed the package; its script leaves a witness when it runs.
make_prefix() {
  PREFIX="$BATS_TEST_TMPDIR/prefix"
  SITE="$PREFIX/lib/python3.${VERSION#* }/site-packages"
  mkdir -p "$PREFIX/bin" "$SITE"
  ln -s "$REAL_PYTHON" "$PREFIX/bin/python3"
  cp -RL "$ROOT/session_cli" "$SITE/session_cli"
  cat >"$PREFIX/bin/session-cli" <<END
#!$PREFIX/bin/python3
import sys
sys.path.insert(0, "$SITE")
open("$BATS_TEST_TMPDIR/witness", "a").write("ran\n")
from session_cli.__main__ import main
if __name__ == '__main__':
    sys.exit(main())
END
  chmod +x "$PREFIX/bin/session-cli"
}

# The file alone: no tree around it.
make_lone_shim() {
  mkdir -p "$BATS_TEST_TMPDIR/lone/lib"
  SHIM="$BATS_TEST_TMPDIR/lone/lib/session.sh"
  cp "$ROOT/test/atk/lib/session.sh" "$SHIM"
}

# Usage: make_script <path> <line of sh>
make_script() {
  mkdir -p "${1%/*}"
  printf '#!/bin/sh\n%s\n' "$2" >"$1"
  chmod +x "$1"
}

# Usage: call <PATH> <session.sh> <line of bash> [<expected exit code>]
# The line after sourcing, in a new shell that has nothing else.
call() {
  local code=()
  if (($# > 3)); then code=("-$4"); fi
  run "${code[@]}" env PATH="$1" "$BASH" -euc "source \"\$1\"; $3" call "$2"
}

assert_saves() {
  assert_status 0
  assert_equal "$output" "review"
}

SAVE='session_save review; session_get_step'

@test "a fresh clone needs a python3 and nothing else" {
  make_bin
  make_clone
  call "$BIN" "$CLONE/test/atk/lib/session.sh" "$SAVE"
  assert_saves
}

@test "a relative path still holds after a change of folder" {
  make_bin
  make_clone
  cd "$CLONE/test/atk"
  call "$BIN" lib/session.sh "cd /; $SAVE"
  assert_saves
}

@test "links to the file lead to the tree it lies in" {
  make_bin
  make_clone
  mkdir "$BATS_TEST_TMPDIR/links"
  ln -s "$CLONE/test/atk/lib/session.sh" "$BATS_TEST_TMPDIR/links/first.sh"
  ln -s first.sh "$BATS_TEST_TMPDIR/links/second.sh"
  call "$BIN" "$BATS_TEST_TMPDIR/links/second.sh" "$SAVE"
  assert_saves
}

@test "a link to its folder leads to the tree it lies in" {
  make_bin
  make_clone
  ln -s "$CLONE/test/atk/lib" "$BATS_TEST_TMPDIR/lib"
  call "$BIN" "$BATS_TEST_TMPDIR/lib/session.sh" "$SAVE"
  assert_saves
}

@test "the tree's own .venv comes before any python3 of PATH" {
  make_bin
  make_clone
  mkdir -p "$CLONE/.venv/bin"
  ln -s "$REAL_PYTHON" "$CLONE/.venv/bin/python"
  rm "$BIN/python3"
  call "$BIN" "$CLONE/test/atk/lib/session.sh" "$SAVE"
  assert_saves
}

@test "an interpreter that only happens to lie above the tree is not the tree's" {
  make_bin
  make_clone
  make_script "$BATS_TEST_TMPDIR/bin/python" 'exit 3'
  mkdir -p "$BATS_TEST_TMPDIR/a/b"
  mv "$CLONE" "$BATS_TEST_TMPDIR/a/b/clone"
  call "$BIN" "$BATS_TEST_TMPDIR/a/b/clone/test/atk/lib/session.sh" "$SAVE"
  assert_saves
}

@test "a real python3 is preferred to a wrapper script before it in PATH" {
  make_bin
  make_clone
  make_script "$BATS_TEST_TMPDIR/wrappers/python3" ": >'$BATS_TEST_TMPDIR/witness'; exit 1"
  call "$BATS_TEST_TMPDIR/wrappers:$BIN" "$CLONE/test/atk/lib/session.sh" "$SAVE"
  assert_saves
  [[ ! -e $BATS_TEST_TMPDIR/witness ]] || fail "the wrapper was run"
}

@test "where there are only wrapper scripts the interpreter behind is asked for once" {
  make_bin
  make_clone
  rm "$BIN/python3"
  make_script "$BIN/python3" "echo ran >>'$BATS_TEST_TMPDIR/witness'; exec '$REAL_PYTHON' \"\$@\""
  call "$BIN" "$CLONE/test/atk/lib/session.sh" "session_init; session_save scan; $SAVE"
  assert_saves
  assert_equal "$(cat "$BATS_TEST_TMPDIR/witness")" "ran"
}

@test "a python3 that is too old is passed over" {
  make_bin
  make_clone
  rm "$BIN/python3"
  # as one of version 3.9 answers the same question
  make_script "$BIN/python3" "exec '$REAL_PYTHON' -I -S -c \"import sys
sys.version_info, sys.executable = (3, 9), '/old/python3'
\$4\""
  make_script "$BIN/python3.12" "exec '$REAL_PYTHON' \"\$@\""
  call "$BIN" "$CLONE/test/atk/lib/session.sh" "$SAVE"
  assert_saves
}

@test "finding a python3 keeps the caller's last background process and positional arguments" {
  make_bin
  make_clone
  call "$BIN" "$CLONE/test/atk/lib/session.sh" \
    'set -- a b; : & job=$!; session_init; [[ $! == "$job" && $* == "a b" ]] && echo review'
  assert_saves
}

@test "session-cli from PATH is taken apart, for its script costs more than the save" {
  make_bin
  make_prefix
  make_lone_shim
  call "$PREFIX/bin:$BIN" "$SHIM" "$SAVE"
  assert_saves
  [[ ! -e $BATS_TEST_TMPDIR/witness ]] || fail "the script was run"
}

@test "a script on PATH whose package is elsewhere is run as it is, whatever patterns mean" {
  make_bin
  make_prefix
  make_lone_shim
  mv "$PREFIX/lib" "$PREFIX/elsewhere"
  sed "s|$PREFIX/lib/|$PREFIX/elsewhere/|" "$PREFIX/bin/session-cli" >"$BIN/session-cli"
  chmod +x "$BIN/session-cli"
  call "$BIN" "$SHIM" "shopt -s failglob; $SAVE"
  assert_saves
  [[ -e $BATS_TEST_TMPDIR/witness ]] || fail "the script was not run"
}

@test "somebody else's session-cli on PATH is run as it is" {
  make_bin
  make_lone_shim
  make_script "$BIN/session-cli" 'for last; do :; done; echo "theirs: $last"'
  call "$BIN" "$SHIM" 'session_init'
  assert_equal "$output" "theirs: init"
}

@test "the file inside the installed package finds the package around it" {
  make_bin
  make_prefix
  rm "$BIN/python3" "$PREFIX/bin/session-cli"
  call "$BIN" "$SITE/session_cli/session.sh" "$SAVE"
  assert_saves
}

@test "SESSION_CLI is run as it is for every verb" {
  make_lone_shim
  session_save review
  make_script "$BATS_TEST_TMPDIR/own cli" 'shift 6; echo "$@"'
  SESSION_CLI="$BATS_TEST_TMPDIR/own cli" run "$BASH" -euc 'source "$1"
    session_init; session_exists; session_load; session_get_step; session_clear
    session_save scan; session_save scan "{}" --session x; session_get a.b --raw
    session_status; session_list --all; session_history; session_resume id; session_rollback 3
    session_new; session_delete id; session_render exit' - "$SHIM"
  assert_equal "$output" "init
exists
load
get-step
clear
save -- scan
save --session x -- scan -
get a.b --raw
status
list --all
history
resume id
rollback 3
new
delete --yes id
render exit"
}

@test "SESSION_CLI can be set and unset between two calls" {
  session_save review
  make_script "$BATS_TEST_TMPDIR/own-cli" 'echo theirs'
  run eval 'SESSION_CLI="$BATS_TEST_TMPDIR/own-cli"; session_get_step; session_save verify
    unset SESSION_CLI; session_get_step; session_save verify; session_get_step'
  assert_equal "$output" "theirs
theirs
review
verify"
}

@test "where there is no session-cli a verb that needs it says so in one line, exit 127" {
  make_bin
  make_lone_shim
  local verb
  for verb in init "save scan" "save scan -" "save scan '{}'" \
    'save scan "$(printf %040000d 0)"' status list lease; do
    call "$BIN" "$SHIM" "session_$verb" 127
    assert_equal "${#lines[@]}" 1
    assert_contains "$output" "session.sh: session-cli is not there: run 'make install'"
  done
}

@test "where there is no python3 that is new enough this is said, and how to get one" {
  make_bin
  make_clone
  make_lone_shim
  rm "$BIN/python3"
  local place verb
  for place in "$CLONE/test/atk/lib/session.sh" "$SHIM"; do
    for verb in init "save scan '{}'" list; do
      call "$BIN" "$place" "session_$verb" 127
      assert_equal "${#lines[@]}" 1
      assert_contains "$output" "session.sh: session-cli needs python3, version 3.10 or later"
      assert_contains "$output" "'apt install python3'"
    done
    # nothing is there to be read, and to know that takes no Python
    call "$BIN" "$place" 'session_get_step; session_load; session_clear'
    assert_equal "$status $output" "0 none"
  done
}

@test "where there is no session-cli a healthy session is still read" {
  make_lone_shim
  session_save review '{"a": 1}'
  mkdir "$BATS_TEST_TMPDIR/empty"
  call "$BATS_TEST_TMPDIR/empty" "$SHIM" 'session_exists; session_load >/dev/null; session_get_step'
  assert_saves
}
