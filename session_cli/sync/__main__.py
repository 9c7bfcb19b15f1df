"""The process that sends what was saved here; `pending.start_push` starts it, with the lock.

It changes nothing but `.sync/`. The kernel ends it after 30 seconds, whatever it waits for: names
are looked up by the C library, which knows no timeout.
"""

import os
import signal
import sys

SECONDS = 30

signal.signal(signal.SIGALRM, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, set())
signal.alarm(SECONDS)
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)

if not __package__:
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def main() -> int:
    """Sends what is not sent yet of the folder that the argument names."""
    os.umask(0o077)
    os.chdir("/")
    if os.getsid(0) != os.getpid():
        os.setsid()
    # whoever saves has the processor first
    os.nice(10)
    from session_cli.sync.background import send_unsent
    from session_cli.times import elapsed

    send_unsent(sys.argv[1], elapsed() + SECONDS - 1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
