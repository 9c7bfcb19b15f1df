#!/usr/bin/env bash
# Fetches the system tools that some tests need, where we may; else says what will be skipped.
# Never fails: a missing tool costs its tests, not the run.
set -u

missing=()

add_if_missing() { # Usage: add_if_missing <tool> [<its package>]
  command -v "$1" >/dev/null || missing+=("${2:-$1}")
}

may_install() {
  [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null
}

install_missing() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

warn_without() { # Usage: warn_without <tool> <what it is for>
  command -v "$1" >/dev/null || printf '%s is not installed: skipping %s\n' "$1" "$2"
}

for tool in jq strace tmux; do add_if_missing "$tool"; done
add_if_missing kubectl kubernetes-client
if ((${#missing[@]})) && may_install; then
  printf 'installing %s\n' "${missing[*]}"
  install_missing </dev/null || printf 'could not install %s\n' "${missing[*]}"
fi
warn_without jq 'the comparison with the original jq functions'
warn_without strace 'the tests that make system calls fail'
warn_without kubectl 'the imports from a cluster'
warn_without tmux 'the tests of the alternate screen'
exit 0
