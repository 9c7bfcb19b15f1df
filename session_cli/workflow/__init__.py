"""The rules of an import. Pure."""
