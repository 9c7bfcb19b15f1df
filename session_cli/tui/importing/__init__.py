"""map-import: the walk through an import, its steps, and what is said before and after them."""
