#!/usr/bin/env bash
# Which version this is: that of the tree that the TUIs lie in, told by the tree itself.

# Usage: tell_version <program>; prints `map-import, version 0.2.0`, as session-cli does.
tell_version() {
  local _line _tree=${BASH_SOURCE[0]%/*}/../../..
  while IFS= read -r _line; do
    case $_line in
      '__version__ = "'*)
        _line=${_line#*\"}
        printf '%s, version %s\n' "$1" "${_line%%\"*}"
        return
        ;;
    esac
  done <"$_tree/session_cli/__init__.py"
  printf '%s: cannot find its version in %s\n' "$1" "$_tree" >&2
  return 1
}
