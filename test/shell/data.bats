#!/usr/bin/env bats
# The DATA of session_save: seen by nobody else, taken whole, and no concern of the caller's shell.

# shellcheck disable=SC2016 # the scripts that are run expand what is in single quotes

load test_helper

SHIM="$ROOT/test/atk/lib/session.sh"
SECRET=hunter2hunter2

# Usage: script [<wrapper> ...] <<'END'
# Runs the heredoc as a script of its own; in the file `data` is what nobody else is to see.
script() {
  cd "$BATS_TEST_TMPDIR" || return
  printf '{"note": "%s"}' "$SECRET" >data
  { printf 'source "%s"\n' "$SHIM" && cat; } >script
  run "$@" "$BASH" script
}

# Usage: make_cli <line of sh> ...
# A program for SESSION_CLI.
make_cli() {
  printf '%s\n' '#!/bin/sh' "$@" >"$BATS_TEST_TMPDIR/cli"
  chmod +x "$BATS_TEST_TMPDIR/cli"
}

saved() { session-cli get "$1" --raw --default nothing; }

@test "no program that is started gets DATA as an argument or in its environment" {
  if ! strace -o /dev/null true; then skip "strace is missing, or may not trace here"; fi
  local option
  for option in ':' 'set -a' 'set -euo pipefail' 'set -o posix'; do
    script strace -f -v -s 1000000 -e trace=execve -o calls <<END
$option
session_save scan "\$(<data)"
session_save review "\$(printf '{"large": "%0200000d%s"}' 0 $SECRET)"
END
    assert_status 0
    assert_equal "$(saved note) $(saved 'length(large)')" "$SECRET 200014"
    assert_contains "$(<calls)" '"save"'
    run grep -c "$SECRET" calls
    assert_equal "$output" "0"
  done
}

@test "no list of processes has DATA in it while it is saved" {
  make_cli 'ps -ww -e -o args >processes' 'cat >taken'
  script <<'END'
SESSION_CLI=./cli
session_save scan "$(<data)"
END
  assert_status 0
  assert_contains "$(<processes)" "./cli --dir"
  assert_equal "$(<taken)" "$(<data)"
  run grep -c "$SECRET" processes
  assert_equal "$output" "0"
}

@test "no file outside the sessions folder holds DATA, and none is needed" {
  script env TMPDIR="$BATS_TEST_TMPDIR/not there" <<'END'
session_save scan "$(<data)"
END
  assert_equal "$status $output $(saved note)" "0  $SECRET"
  if ! strace -o /dev/null true; then skip "strace is missing, or may not trace here"; fi
  mkdir "$BATS_TEST_TMPDIR/tmp"
  script env TMPDIR="$BATS_TEST_TMPDIR/tmp" strace -f -e trace=%file -o files <<'END'
session_save scan "$(<data)"
END
  assert_status 0
  run grep -c "O_CREAT.*$BATS_TEST_TMPDIR/tmp\|$BATS_TEST_TMPDIR/tmp.*O_CREAT" files
  assert_equal "$output" "0"
}

@test "DATA arrives byte for byte, whatever is in it and whatever the locale" {
  local locale
  for locale in C C.UTF-8 POSIX xx; do
    script env LC_ALL="$locale" <<'END' 2>/dev/null
session_save scan '{"odd": "%s %d \\n \\\\ $HOME `id` é 🚀 * ? \u0041 -n", "-e": "--help"}'
END
    assert_equal "$(saved odd)" '%s %d \n \\ $HOME `id` é 🚀 * ? A -n'
    assert_equal "$(saved '"-e"')" "--help"
  done
}

@test "the caller's stdin stays as it is, open or closed" {
  script <<'END'
printf 'one\ntwo\n' | while read -r line; do
  session_save "$line" "$(<data)" && echo "$line"
done
session_save three "$(<data)" <&-
session_save four "$(<data)" <&- >&-
session_save five "$(<data)" <&- >&- 2>&-
echo "$(session_get_step) $(session_get revision)"
END
  assert_equal "$output" "one
two
five 5"
}

@test "it works in a function, a subshell, the background, a trap, a substitution" {
  script <<'END'
set -euo pipefail
trap 'session_save in_exit "$(<data)"; session_get_step' EXIT
trap 'session_save in_signal "$(<data)"; session_get_step' USR1
f() { session_save in_function "$(<data)"; session_get_step; }
f
(session_save in_subshell "$(<data)"; session_get_step)
session_save in_background "$(<data)" & wait "$!"
session_get_step
: "$(session_save in_substitution "$(<data)")"
session_get_step
kill -USR1 $$
END
  assert_equal "$status $output" "0 in_function
in_subshell
in_background
in_substitution
in_signal
in_exit"
}

@test "a save that is refused says so by its own exit code, also before it has read all" {
  local option
  session_save scan
  for option in ':' 'set -o pipefail' "set -o pipefail; trap '' PIPE" 'set -eE; trap : ERR'; do
    script <<END
$option
printf -v large '{"large":"%0300000d"}' 0
for call in "[1] " "{\"a\":" "\$large --nonsense" "{} --session import-2020-01-01-000000" \\
  "\$large --if-revision 99"; do
  code=0
  session_save review \$call 2>>told || code=\$?
  echo "\$code \$(grep -c '' told)"
  : >told
done
END
    assert_equal "$output" "2 1
2 1
2 1
6 1
6 1"
  done
  assert_equal "$(session_get_step)" "scan"
}

@test "who ends well without reading is believed, also with pipefail" {
  make_cli 'exit "${CODE:-0}"'
  script env CODE=0 <<'END'
set -euo pipefail
trap 'echo "ERR at $LINENO"' ERR
SESSION_CLI=./cli
printf -v large '{"large": "%0300000d"}' 0
session_save scan "$large"
echo saved
END
  assert_equal "$status $output" "0 saved"
  script env CODE=7 <<'END'
set -euo pipefail
SESSION_CLI=./cli
printf -v large '{"large": "%0300000d"}' 0
session_save scan "$large"
echo saved
END
  assert_equal "$status $output" "7 "
}

@test "a strict script ends at a save that failed, and continues after one that did not" {
  script <<'END'
set -euo pipefail
session_save scan "$(<data)"
session_save review "$(<data)"
echo between
session_save verify '[1]' 2>/dev/null
echo not reached
END
  assert_equal "$status $output" "2 between"
}
