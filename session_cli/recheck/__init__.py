"""Whether what a saved session rests on still holds."""
