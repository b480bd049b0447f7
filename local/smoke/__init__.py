"""The smoke test of a deployed app: a validation, one real restore, and the disk taken away again.

It deletes only when it is told to, only after the restore has completed, and only the disk that
this run named.
"""
