"""Whether what a saved session depends on still holds: a probe asks, drift compares."""
