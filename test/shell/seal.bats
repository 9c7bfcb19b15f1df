#!/usr/bin/env bats
# What the functions answer by themselves is what nobody changed since session-cli wrote it; all the
# rest they leave to session-cli, which verifies it.
# shellcheck disable=SC2016 # the shells that are run expand what is in single quotes

load test_helper

# A comma too many in the middle of a state: its head and its end look well.
DAMAGED='{
  "version": "1.0",
  "step": "review",
  "b": 2,
}'
TWICE='{
  "version": "1.0",
  "step": "scan",
  "step": "verify"
}'

# Usage: make_session
# A session of two snapshots, $first and $latest, as session-cli leaves it.
make_session() {
  local snapshots
  session_save scan '{"note": "one"}'
  session_save review '{"note": "two"}'
  snapshots=("$SESSION_DIR"/import-2*.json)
  latest="$SESSION_DIR/$(readlink "$SESSION_FILE")"
  first="${snapshots[0]}"
  if [[ $first == "$latest" ]]; then first="${snapshots[1]}"; fi
  seal="$SESSION_DIR/.import-seal"
}

# Usage: alone <function> ...
# The functions in a shell that finds no session-cli, so that what needs a process fails with 127.
alone() {
  local lone="$BATS_TEST_TMPDIR/lone/lib"
  mkdir -p "$lone" "$BATS_TEST_TMPDIR/empty"
  cp "$ROOT/test/atk/lib/session.sh" "$lone"
  PATH="$BATS_TEST_TMPDIR/empty" "$BASH" -c "source '$lone/session.sh'; $1"
}

assert_sealed() {
  alone 'session_exists && session_get_step && session_load' >"$BATS_TEST_TMPDIR/alone" ||
    fail "a healthy state was not read without a process"
}

assert_unsealed() {
  local verb
  for verb in get_step load; do
    run -127 alone "session_$verb"
  done
}

# Usage: answer <command> ...; prints code, stdout and stderr of it.
answer() {
  local code=0
  "$@" >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" || code=$?
  printf 'code %s\n' "$code"
  cat "$BATS_TEST_TMPDIR/stdout" "$BATS_TEST_TMPDIR/stderr"
}

# The functions answer as session-cli does, on both outputs and by exit code.
assert_alike() {
  assert_equal "$(answer session_exists)" "$(answer session-cli exists)"
  assert_equal "$(answer session_load)" "$(answer session-cli load)"
  assert_equal "$(answer session_get_step)" "$(answer session-cli get-step)"
}

# What is damaged is not read out: revision 1 answers, and that is said.
assert_recovered() {
  assert_alike
  run session_get_step
  assert_equal "${lines[1]}" "scan"
  assert_contains "${lines[0]}" "revision 1 of"
  assert_contains "$(session_load 2>/dev/null)" '"note": "one"'
}

@test "what session-cli wrote last is read without a process" {
  make_session
  assert_sealed
  assert_alike
}

@test "so is what another shell saved" {
  make_session
  session-cli save verify
  assert_sealed
  assert_equal "$(alone session_get_step)" "verify"
}

@test "each type has a seal of its own" {
  make_session
  session-cli --type map save view
  assert_sealed
  assert_equal "$(alone 'SESSION_TYPE=map; session_load >/dev/null; session_get_step')" "view"
}

@test "damage in the middle of the newest snapshot is reported, whoever put it there" {
  local way damaged="$BATS_TEST_TMPDIR/damaged"
  # one a line, for each needs a session of its own
  while read -r way; do
    rm -rf "$SESSION_DIR"
    make_session
    printf '%s\n' "$DAMAGED" >"$damaged"
    eval "$way"
    echo "after: $way"
    assert_unsealed
    assert_recovered
  done <<'WAYS'
cp "$damaged" "$latest"
touch -d '2020-01-01' "$damaged"; cp -p "$damaged" "$latest"
touch -r "$first" "$damaged"; cp -p "$damaged" "$latest"
mv "$damaged" "$latest"
cat "$damaged" >"$latest"
printf ',' | dd of="$latest" bs=1 seek=1 conv=notrunc status=none
sed -i 's/"note"/,"note"/' "$latest"
WAYS
}

@test "an edit within the clock tick of the save is seen" {
  make_session
  for _ in 1 2 3 4 5; do
    session_save review
    printf '%s' "$DAMAGED" >"$SESSION_FILE"
    assert_unsealed
  done
}

@test "a pointer that somebody set on an older snapshot is followed by session-cli" {
  make_session
  ln -sfn "${first##*/}" "$SESSION_FILE"
  assert_unsealed
  assert_alike
  assert_equal "$(session_get_step)" "scan"
  printf '%s\n' "$DAMAGED" >"$first"
  assert_unsealed
  assert_alike
  assert_equal "$(session_get_step 2>/dev/null)" "review"
}

@test "a seal that is touched, gone, or not ours seals nothing" {
  local way
  while read -r way; do
    rm -rf "$SESSION_DIR"
    make_session
    eval "$way"
    echo "after: $way"
    assert_unsealed
    assert_alike
    printf '%s\n' "$DAMAGED" >"$latest"
    assert_unsealed
    assert_recovered
  done <<'WAYS'
touch "$seal"
rm "$seal"
touch -d '2020-01-01' "$seal"
ln -sf nothing "$seal"
ln -sf "${latest##*/}" "$seal"
ln -sf "${SESSION_FILE##*/}" "$seal"
ln -sf /dev/null "$seal"
rm "$seal"; mkdir "$seal"
WAYS
}

@test "a save seals again what was unsealed" {
  make_session
  rm "$seal"
  session_save verify
  assert_sealed
  touch "$seal"
  session_save verify
  assert_sealed
  session-cli rollback 1
  assert_alike
  session-cli clear
  assert_alike
  assert_equal "$(session_get_step)" "none"
}

@test "a seal, a state or a folder of another user seals nothing" {
  if [[ $EUID != 0 ]]; then skip "only root can give a file away"; fi
  make_session
  chown 1001 "$seal"
  assert_unsealed
  assert_alike
  chown 0 "$seal"
  assert_sealed
  chown 1001 "$latest"
  assert_unsealed
  assert_alike
  run session_exists
  assert_status 4
  chown 0 "$latest"
  chown 1001 "$SESSION_DIR"
  assert_unsealed
  assert_alike
  run session_load
  assert_status 4
}

@test "a bash that compares times by the second asks session-cli" {
  make_session
  run -127 alone '__session_sees_nanoseconds=""; session_get_step'
}

@test "unusual states are judged by session-cli" {
  local state
  make_session
  for state in '\xef\xbb\xbf{\n  "version": "1.0",\n  "step": "select"\n}\n' \
    '{\n  "version": "1.0",\n  "step": "sel\\u0065ct"\n}\n' \
    '{\n  "version": "1.0",\n  "step": "select\\"\n}\n' \
    '{\n  "version": "1.0",\n  "step": "select"\n}\n\0\0' \
    '{\n  "version": "1.0",\0  "step": "select"\n}\n' \
    '{\n  "version": "1.0",\n  "step": "select"\n}\n{\n  "version": "1.0"\n}\n' \
    '{"version":"1.0","step":"select"}' '{}' '{\n}\n' '[]\n' '\n' ''; do
    printf '%b' "$state" >"$latest"
    echo "the state: $state"
    assert_alike
  done
}

@test "of a duplicate step the last one counts, in the functions, in session-cli and in jq" {
  make_session
  printf '%s\n' "$TWICE" >"$latest"
  assert_equal "$(session_get_step)" "verify"
  assert_alike
  rm "$SESSION_FILE" "$seal"
  printf '%s\n' "$TWICE" >"$SESSION_FILE"
  assert_equal "$(session_get_step)" "verify"
  assert_alike
  if ! command -v jq >/dev/null; then skip "jq is not installed: the rest was compared"; fi
  assert_equal "$(session_get_step)" "$(jq -r .step "$SESSION_FILE")"
}

@test "a state of any size is printed whole, sealed or not" {
  local size rest
  session_save scan '{"note": "0"}'
  rest=$(($(wc -c <"$SESSION_FILE") - 1))
  for size in 16383 16384 16385 2000000; do
    session_save scan "$(printf '{"note": "%0*d"}' $((size - rest)) 0)"
    assert_equal "$(wc -c <"$SESSION_FILE" | tr -d ' ')" "$size"
    assert_alike
    assert_equal "$(session_load | cksum)" "$(cksum <"$SESSION_FILE")"
    touch "$SESSION_DIR/.import-seal"
    assert_alike
  done
}

@test "a large sealed state may lose its reader, and is read where there is no cat" {
  session_save scan "$(printf '{"note": "%0300000d"}' 0)"
  run bash -c "set -o pipefail; source '$ROOT/test/atk/lib/session.sh'; session_load | head -n 1"
  assert_status 141
  assert_equal "$output" "{"
  mkdir "$BATS_TEST_TMPDIR/bin"
  ln -s "$(python3 -c 'import sys; print(sys.executable)')" "$BATS_TEST_TMPDIR/bin/python3"
  ln -s "$(type -P readlink)" "$BATS_TEST_TMPDIR/bin"
  run env PATH="$BATS_TEST_TMPDIR/bin" "$BASH" -c "source '$ROOT/test/atk/lib/session.sh'
    cat() { echo theirs; }; session_load"
  assert_equal "$output" "$(<"$SESSION_FILE")"
}

@test "whatever the caller has set, a damaged state is not read out and a healthy one is" {
  local option
  make_session
  for option in 'set -e' 'set -u' 'set -o pipefail' 'set -f' 'set -a' 'set -o posix' 'IFS=:eo' \
    'shopt -s nocasematch' 'shopt -s extglob' 'shopt -s nullglob failglob' 'LC_ALL=C' 'LC_ALL=xx' \
    'GLOBIGNORE="*"' 'set -euo pipefail'; do
    echo "with: $option"
    assert_equal "$(alone "$option; session_exists; session_get_step; session_load" 2>/dev/null)" \
      "review"$'\n'"$(<"$latest")"
  done
  printf '%s\n' "$DAMAGED" >"$latest"
  for option in 'set -euo pipefail' 'shopt -s nocasematch' 'IFS=:eo' 'LC_ALL=C'; do
    run "$BASH" -c "source '$ROOT/test/atk/lib/session.sh'; $option; session_get_step 2>/dev/null"
    assert_equal "$output" "scan"
  done
}
