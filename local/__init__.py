"""The embedded default: all the app needs around it, on one machine, with no Azure account.

`azurite` starts the real storage emulator, `host` runs the app's functions by the Functions host's
rules, `stack` runs Azurite and the simulator alone, `demo` shows the whole. Nothing in here runs in
Azure, and the app imports none of it.
"""
