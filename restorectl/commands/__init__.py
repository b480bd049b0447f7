"""The commands, a module each. What they share is below them."""
