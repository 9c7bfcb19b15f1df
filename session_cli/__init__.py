"""Session state that survives: the helper behind ConfigHub's terminal import."""
