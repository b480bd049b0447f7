"""Azurite and the simulated Azure for your own tries: start them, send messages, see results."""
