"""Measures the coverage of the Python process that runs this as it starts (`make coverage`).

Coverage saves what it saw when Python ends; the quick path ends its process without Python's help.
"""

import posix

import coverage

# where coverage has started by itself already, there is one
measured = coverage.process_startup() or coverage.Coverage.current()
if measured is not None:
    leave_at_once = posix._exit

    def save_and_leave(code: int) -> None:
        measured.stop()
        measured.save()
        leave_at_once(code)

    posix._exit = save_and_leave
