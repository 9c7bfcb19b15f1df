# shellcheck shell=bash
# Loaded by every .bats file: a home of its own for each test, the shim, a few asserts.

bats_require_minimum_version 1.5.0

ROOT=$(cd -- "${BASH_SOURCE[0]%/*}/../.." && pwd)

setup() {
  isolate
  # shellcheck source=../atk/lib/session.sh
  source "$ROOT/test/atk/lib/session.sh"
}

# Usage: isolate
# A HOME in this test's own folder, none of the caller's settings, our session-cli on PATH.
isolate() {
  local name
  for name in $(compgen -e CONFIGHUB_) $(compgen -e SESSION_); do unset "$name"; done
  export HOME="$BATS_TEST_TMPDIR/home"
  mkdir -p "$HOME"
  if [[ -d $ROOT/.venv/bin ]]; then PATH="$ROOT/.venv/bin:$PATH"; fi
}

# Usage: fail <message>
fail() {
  printf '%s\n' "$1" >&2
  return 1
}

# Usage: assert_equal <actual> <expected>
assert_equal() {
  [[ $1 == "$2" ]] || fail "expected: $2
  actual: $1"
}

# Usage: assert_contains <text> <part>
assert_contains() {
  [[ $1 == *"$2"* ]] || fail "expected in it: $2
        the text: $1"
}

# Usage: assert_status <expected>, after `run`
assert_status() {
  # shellcheck disable=SC2154 # `run` sets them
  [[ $status == "$1" ]] || fail "expected status $1, got $status; the output: $output"
}
