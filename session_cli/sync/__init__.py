"""The client of the hub: sends what was saved here, takes in what was saved elsewhere."""
