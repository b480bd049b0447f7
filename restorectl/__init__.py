"""The operator's command line: what is back, what is not and why, and what to do about it.

It reads the app's tables and writes its queue of requests, under the caller's own identity, and
never changes a restore in any other way. Nothing of it is published to Azure, and the app imports
nothing of it.
"""
