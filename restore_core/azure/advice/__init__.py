"""What a person can do about a failure that Azure only names. Pure.

::

    for_restore   of a validation, a restore or a job ──┬► taken_targets
    for_app       of a 403 to the app itself ───────────┼► refusals ──► roles ──┐
    instances     what is not there, or deleted ────────┴───────────────────────┴► commands

Roles and scopes: Microsoft's documentation of disk restore (restore-managed-disks, disk-backup-faq,
disk-backup-troubleshoot) and the recorded errors. The app never guesses at an unknown code, names
no role for a scope that it does not know, and never advises to delete anything.
"""
