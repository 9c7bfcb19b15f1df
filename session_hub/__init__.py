"""The hub: sessions kept for a person, a team, an organization."""
