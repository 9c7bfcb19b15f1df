#!/usr/bin/env bash
# Fetches the system tools that some tests need, where we may; else says what will be skipped.
# Never fails: a missing tool costs its tests, not the run. `tools.sh wrk` fetches that of bench-hub.
set -u

missing=()

look_for() { # Usage: look_for <tool> <its package> <what it is for>
  command -v "$1" >/dev/null || missing+=("$1|$2|$3")
}

may_install() {
  [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null
}

report_missing() { # Usage: report_missing <words between the tool and what it is for>
  local each
  for each in "${missing[@]}"; do
    command -v "${each%%|*}" >/dev/null || printf '%s %s %s\n' "${each%%|*}" "$1" "${each##*|}"
  done
}

install_missing() {
  local each packages=()
  for each in "${missing[@]}"; do
    each=${each#*|}
    packages+=("${each%|*}")
  done
  printf 'apt-get installs %s\n' "${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${packages[@]}"
}

if [[ ${1-} == wrk ]]; then
  look_for wrk wrk 'the load on the hub'
else
  look_for jq jq 'the comparison with the original jq functions'
  look_for strace strace 'the tests that make system calls fail'
  look_for kubectl kubernetes-client 'the imports from a cluster'
  look_for tmux tmux 'the tests of the alternate screen'
fi
((${#missing[@]})) || exit 0
if may_install; then
  report_missing 'is not installed, and needed for'
  install_missing </dev/null || printf 'apt-get could not install all of that\n'
fi
report_missing 'is not installed: skipping'
exit 0
