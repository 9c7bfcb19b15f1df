"""The entry point: the quick path for the six verbs, else Click."""

import _signal  # type: ignore[import-not-found]  # `signal` would cost a tenth of a start
import gc
import posix  # os would cost every start a millisecond
import sys

# from the first moment on, also while modules load: at any moment what is on the disk is whole
if _signal.getsignal(_signal.SIGINT) != _signal.SIG_IGN:
    _signal.signal(_signal.SIGINT, lambda *_: posix._exit(130))

# a process this short needs no garbage collection
gc.disable()

if not __package__:
    # run by path, isolated: only then is the package not importable already
    sys.path.append(__file__.rpartition("/session_cli/")[0] or ".")

from session_cli.quick import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
