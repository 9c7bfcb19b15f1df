#!/usr/bin/env bats
# Data that flows through pipes: into a save where it is meant for it, past it where it is not.

load test_helper

# Usage: saved <JMESPath>
saved() { session-cli get "$1" --raw --default nothing; }

@test "what a pipe brings to session-cli save is its data" {
  printf '{"scan_result": {"workloads_detected": 12}}' | session-cli save scan
  assert_equal "$(session_get_step) $(saved scan_result.workloads_detected)" "scan 12"
}

@test "a redirected file is the data of session-cli save" {
  printf '{"scan_result": {"workloads_detected": 12}}' >"$BATS_TEST_TMPDIR/data"
  session-cli save scan <"$BATS_TEST_TMPDIR/data"
  assert_equal "$(session_get_step) $(saved scan_result.workloads_detected)" "scan 12"
}

@test "here documents and process substitutions are redirected files too" {
  session-cli save scan <<<'{"a": 1}'
  session-cli save review < <(printf '{"b": 2}')
  assert_equal "$(session_get_step) $(saved '[a, b]' | tr -d ' \n')" "review [1,2]"
}

@test "a dash reads the data from a file, for session-cli and for session_save" {
  printf '{"a": 1}' >"$BATS_TEST_TMPDIR/data"
  session-cli save review - <"$BATS_TEST_TMPDIR/data"
  assert_equal "$(saved a)" "1"
  printf '{"a": 2}' >"$BATS_TEST_TMPDIR/data"
  session_save review - <"$BATS_TEST_TMPDIR/data"
  assert_equal "$(saved a)" "2"
}

@test "a dash reads the data from a pipe, also of 2 MB" {
  printf '{"note": "%02000000d"}' 0 | session_save review -
  assert_equal "$(saved 'length(note)')" "2000000"
  printf '{"note": "%01000000d"}' 0 | session-cli save review -
  assert_equal "$(saved 'length(note)')" "1000000"
}

@test "a state goes through a filter and back" {
  session_save scan '{"selections": {"hub": "one", "app_space": "team"}}'
  session-cli load | sed 's/"one"/"two"/' | session-cli save review -
  assert_equal "$(session_get_step) $(saved 'selections.[hub, app_space]' | tr -d ' \n')" \
    'review ["two","team"]'
  session_load | sed 's/"two"/"three"/' | session_save review -
  assert_equal "$(saved selections.hub)" "three"
  assert_equal "$(saved 'steps_completed[0]')" "scan"
}

@test "a state goes through jq and back" {
  if ! command -v jq >/dev/null; then skip "jq is not installed"; fi
  session_save scan '{"selections": {"hub": "one"}, "big": 12345678901234567}'
  session-cli load | jq '.selections.hub = "two" | del(.big)' | session-cli save review -
  assert_equal "$(session_get_step) $(saved selections.hub)" "review two"
}

@test "a torn state on its way back is refused and the old one stays" {
  session_save select '{"selections": {"hub": "one"}}'
  run bash -c 'session-cli load | head -c 60 | session-cli save review -'
  assert_status 2
  assert_equal "$(session_get_step) $(saved selections.hub)" "select one"
}

# Each way saves once for every line of the list; every line must reach the loop.
save_each() {
  local name
  while read -r name; do
    session_save "$name"
    session_save "$name" '{"a": 1}'
    session-cli save "$name"
    session-cli save "$name" '{"b": 1}'
    session-cli init
    session_load >/dev/null
    session-cli get-step
  done
}

@test "a loop that reads from a pipe gets every line" {
  run bash -c "$(declare -f save_each); source '$ROOT/test/atk/lib/session.sh'
    printf '%s\n' one two three | save_each"
  assert_equal "$output" "one
two
three"
}

@test "a loop that reads from a file gets every line" {
  printf '%s\n' one two three >"$BATS_TEST_TMPDIR/list"
  run save_each <"$BATS_TEST_TMPDIR/list"
  assert_equal "$output" "one
two
three"
}

@test "a loop over what session-cli get prints gets every line" {
  session_save select '{"selections": {"selected_workloads": [{"name": "a"}, {"name": "b c"}]}}'
  run bash -c "$(declare -f save_each); source '$ROOT/test/atk/lib/session.sh'
    session-cli get 'selections.selected_workloads[].name' --lines | save_each"
  assert_equal "$output" "a
b c"
}

@test "a script that is piped into bash is not eaten" {
  run bash -s <<END
source "$ROOT/test/atk/lib/session.sh"
session_save scan
session-cli save review
session-cli save review '{"a": 1}'
session_exists && session-cli exists
session_get_step
echo reached
END
  assert_equal "$output" "review
reached"
}

@test "a script that is piped into bash line by line is not eaten" {
  run bash -c "printf '%s\n' 'source \"$ROOT/test/atk/lib/session.sh\"' 'session_save scan' \
    'session-cli save review' 'session-cli get-step' | bash"
  assert_equal "$output" "review"
}

@test "an explicit dash without any data is an error and nothing is saved" {
  session_save scan
  local save
  for save in "session_save review -" "session-cli save review -"; do
    run $save </dev/null
    assert_status 2
    assert_equal "${#lines[@]}" 1
    run bash -c "source '$ROOT/test/atk/lib/session.sh'; printf ' \n' | $save"
    assert_status 2
  done
  assert_equal "$(session_get_step)" "scan"
}

@test "an empty pipe or file without a dash is no data" {
  printf '' | session-cli save scan
  assert_equal "$(session_get_step)" "scan"
  printf '\n' | session-cli save review
  assert_equal "$(session_get_step)" "review"
  : >"$BATS_TEST_TMPDIR/empty"
  session-cli save select <"$BATS_TEST_TMPDIR/empty"
  assert_equal "$(session_get_step)" "select"
}

@test "a closed stdin is no data" {
  session-cli save scan <&-
  session_save review <&-
  assert_equal "$(session_get_step)" "review"
}

@test "what would be said on a closed stderr is not written into a file of ours" {
  session_save scan
  session-cli save review '{"revision": 99}' 2>&-
  session_save verify '{"revision": 99}' 2>&-
  run grep -rl ignored "$HOME/.confighub"
  assert_equal "$output" ""
  assert_equal "$(session_get_step)" "verify"
}

@test "what a pipe brings is refused when it is not one object" {
  session_save scan
  local data
  for data in '[1]' '{"a": 1} {"b": 2}' '{"a": ' 'No resources found'; do
    run bash -c "printf '%s' '$data' | session-cli save review"
    assert_status 2
    assert_equal "${#lines[@]}" 1
  done
  assert_equal "$(session_get_step)" "scan"
}

@test "data in an argument leaves the pipe to the next reader" {
  run bash -c "printf 'kept\n' | { session-cli save scan '{}'; cat; }"
  assert_equal "$output" "kept"
}

@test "load may lose its reader" {
  session_save scan "$(printf '{"note": "%0200000d"}' 0)"
  run bash -c "set -o pipefail; session-cli load | head -n 1"
  assert_status 141
  assert_equal "$output" "{"
}
