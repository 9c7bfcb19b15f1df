"""How much, how often and how long: the figures that the hub holds everybody to."""

from __future__ import annotations

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR

DOCUMENT_BYTES = 1024 * 1024
LOG_PIECE_BYTES = 512 * 1024
LOG_BYTES = 16 * 1024 * 1024
SESSION_LOG_BYTES = 64 * 1024 * 1024
SESSION_LOGS = 100
# of what is neither a document nor a log
FORM_BYTES = 16 * 1024
BODY_SECONDS = 10.0
# with less on its disk the hub is not ready
ROOM_BYTES = 2 * DOCUMENT_BYTES
# what is left of a body after a refusal is read up to so much, then the connection is closed
UNREAD_BYTES = 64 * 1024
HEADER_BYTES = 32 * 1024
HEADER_SECONDS = 10.0
# how long an answer may wait for whoever asked to read it
UNREAD_SECONDS = 30.0

REQUESTS_A_SECOND = 50
REQUEST_BURST = 200
SIGN_INS_A_MINUTE = 5
STREAMS_A_USER = 5
# events that wait for a slow reader at most
STREAM_BACKLOG = 256

LEASE_SECONDS = 90.0
HANDOFF_SECONDS = 72 * HOUR
NOTE_LENGTH = 500
STALE_AFTER = 24 * HOUR
ARCHIVED_AFTER = 7 * DAY

# how long what nobody works on any more is kept
KEEP_SESSIONS = 90 * DAY
KEEP_LOGS = 365 * DAY
KEEP_AUDIT = 400 * DAY
# as long as the audit trail
KEEP_TOMBSTONES = KEEP_AUDIT
KEEP_VERSIONS = 14 * DAY
VERSIONS = 20
RETENTION_EVERY = HOUR
# rows that retention removes in one write, and sessions that it looks at in one go
RETENTION_BATCH = 100
RETENTION_WINDOW = 500
# a clock that is further ahead than a hub may have been stopped, or than it moves between two runs,
# is believed only after so long without another jump
LONGEST_STOP = 30 * DAY
LARGEST_JUMP = DAY
DOUBT_SECONDS = DAY

TOKEN_IDLE = 30 * DAY
TOKEN_LIFE = 180 * DAY
BROWSER_IDLE = 12 * HOUR
BROWSER_LIFE = 7 * DAY
# how long a device waits for its approval, how often it may ask, and how many codes may be wrong
DEVICE_LOGIN_SECONDS = 10 * MINUTE
POLL_SECONDS = 5.0
CODE_TRIES = 5
# a link that signs a browser in: one that a signed-in device makes, one of an administrator
LINK_SECONDS = MINUTE
ADMIN_LINK_SECONDS = DAY
# how long a right that has ended may go on
RIGHTS_ARE_CACHED = 30.0

PAGE = 50
LARGEST_PAGE = 200
