"""What may be asked of the app, and how the names of Azure look.

A message of any sender becomes one `RestoreRequest`, or an error that names field and remedy.
An id of Azure becomes a value of its own type, which prints itself and compares without case.
Nothing in here knows how a restore goes on, reads a clock, a setting or a table, or does I/O.
"""
