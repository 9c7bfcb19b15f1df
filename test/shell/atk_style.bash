#!/usr/bin/env bash
# Imports namespaces into ConfigHub, as scripts do that know nothing of sessions: with a log, a
# main, icons and settings of their own. docs/adopting.md shows how it takes up session.sh.

set -uo pipefail

SPACE="${SPACE:-payment-team}"
LOG_FILE="${LOG_FILE:-./import.log}"
VERBOSE=false
NAMESPACES=()

log() {
  local level="$1"
  shift
  printf '[%s] %-5s %s\n' "$(date +%H:%M:%S)" "$level" "$*" >>"$LOG_FILE"
  if [[ "$VERBOSE" == true || "$level" == ERROR ]]; then
    printf '%s %s\n' "$(status_icon "$level")" "$*" >&2
  fi
}

status_icon() {
  case "$1" in
    OK) echo "[ok]" ;;
    ERROR) echo "[!!]" ;;
    *) echo "[..]" ;;
  esac
}

usage() {
  echo "Usage: $0 [--space NAME] [--verbose] NAMESPACE..."
}

parse_flags() {
  while (($#)); do
    case "$1" in
      --space) SPACE="$2" && shift ;;
      --verbose) VERBOSE=true ;;
      -h | --help) usage && exit 0 ;;
      -*) usage >&2 && exit 2 ;;
      *) NAMESPACES+=("$1") ;;
    esac
    shift
  done
}

scan_cluster() {
  log INFO "scanning $(kubectl config current-context)"
  kubectl get deployments -A -o name >/dev/null
}

import_namespace() {
  local workload
  while read -r workload; do
    log INFO "creating $workload"
    cub unit create --space "$SPACE" "${workload#*/}" <<<"kind: Deployment"
    log OK "$workload"
  done < <(kubectl get deployments -n "$1" -o name)
}

main() {
  local namespace
  parse_flags "$@"
  log INFO "importing into $SPACE: ${NAMESPACES[*]}"
  scan_cluster
  for namespace in "${NAMESPACES[@]}"; do
    import_namespace "$namespace"
    echo "$(status_icon OK) $namespace"
  done
  cub unit list --space "$SPACE"
  log OK "complete"
}

main "$@"
