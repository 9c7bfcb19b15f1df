"""What is done to a session: one module for each thing, and the routes that do it."""
