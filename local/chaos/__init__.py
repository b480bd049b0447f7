"""The chaos: real processes, killed at random while restores are under way."""
