"""`python -m session_hub`."""

import sys

from session_hub.program import main

sys.exit(main())
