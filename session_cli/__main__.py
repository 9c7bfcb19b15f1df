"""The entry point: the quick path for the six verbs, else Click."""

import sys

if not __package__:
    # run by path, isolated: only then is the package not importable already
    sys.path.append(__file__.rpartition("/session_cli/")[0] or ".")

from session_cli.quick import main

if __name__ == "__main__":
    sys.exit(main())
