"""The envelopes: how senders who do not write our own message ask for a restore. Pure.

`reader` opens a message; every other module is one envelope, or what two of them share::

    reader ──► native        our own message, and the one that withdraws it
               alert         Azure Monitor, common alert schema ──► alert_source (what it is
                             about), custom_properties, activity_log
               cloud_event   CloudEvents 1.0 ──┐
               event_grid    Event Grid ───────┴► event ──► deleted_disk
    all of them ──► message (bytes to JSON) ──► wrapping (what is around it), unreadable (why not)
                    defaults (what an envelope adds to the fields)

An envelope is known by its own marks and never guessed. Each gives a request, or the
withdrawal of one where it is none of Azure's own, or raises MalformedRequest (it is wrong, and why)
or NothingAsked (it is in order and asks for no restore).
"""
