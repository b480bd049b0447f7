"""The app, from a queue message to a restored disk and the row that tells of it.

Imports point down only (import-linter checks it)::

    reading   azure                what receivers ask; the only I/O
        ╲       │
             settings              the environment, once
                │
             engine                accept, advance, sweep: pays what a restore owes
                │
            lifecycle              the states of a restore, and what follows what
                │
            contract               what may be asked, and how ids look
                │
      errors  text  loose_json     the ground

`docs/design.md` begins with the way of one message through these rooms.
"""
