"""The embedded default: all the app needs around it, on one machine, with no Azure account.

`azurite` starts the real storage emulator; the package `host` runs the app's functions by the
Functions host's rules. What is run with them: `stack` (Azurite and the simulator alone), `demo`
(the whole, shown) and `chaos` (the whole, killed). Nothing in here runs in Azure, and the app
imports none of it.
"""
