r"""The app, from a queue message to a restored disk and the row that tells of it.

Imports point down only (import-linter checks it)::

             wiring                all of it put together, by the first call
            /      \
      reading      azure           what receivers ask; the only I/O
           |         |
           |      settings         the environment, once
            \      /
             engine                intake, steps, sweep: pays what a restore owes
                |
            lifecycle              the states of a restore, and what follows what
                |
             contract              what may be asked, and how ids look
                |
       connection  environment     the ground
       errors  text  loose_json

`docs/design.md` begins with a map of these rooms and the way of one message through them.
"""
