"""Session state that survives: the helper behind ConfigHub's terminal import."""

# setup.cfg reads it here, and so does whoever asks a checkout that is not installed
__version__ = "0.2.0"
