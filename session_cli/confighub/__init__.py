"""ConfigHub, asked through its own command line tool: spaces, Units, workers and targets."""
