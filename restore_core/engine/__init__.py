"""Carries restores through their lives, for the three triggers, against the ports it names.

It records what was asked, pays what a restore owes and saves what became of it, and sweeps what was
left lying. It reads the clock that it is given.
No SDK, no HTTP, no name of a table's column type may be in here: the world is what `ports` says.
"""
