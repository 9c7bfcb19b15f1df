"""One file per verb: a thin Click function over the plain one that does the work."""
