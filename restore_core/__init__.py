"""The app, from a queue message to a restored disk and the row that tells of it.

The map, from the rim to the core. Imports point downwards only (import-linter checks it)::

    driver          accept, advance, sweep: pays what a restore owes      knows no Azure
    inquiries       what receivers ask over HTTP, and what they are told  knows no Azure
    backup_vault    the Data Protection calls; answers become events ──► arm (HTTP, token, guard)
    table_store     rows and etags, locks, results ──► rows (restore to row and back)
    step_queue      step messages, the -poison queues    (both on storage: what failing means)
    settings        the environment, once
    ─────────────────────────────────────────────────────────────── below: pure, no I/O, no clock
    notices         what whoever listens is sent
    restore         a request and where it stands: state, limits in time, turn, outbox
    lifecycle       states, events, effects, owed, apply ──► pace (when to look again)
    outbox          what is still to be told of a restore; rules: what the operator has decided
    envelopes       what senders write: our own message, alerts, events ──► origin (who asked)
    request         the message contract
    recovery_points which point qualifies, which is chosen
    policy          who may restore what to where
    advice          what a person can do about a failure
    resource_ids, errors, text

A newcomer begins with `lifecycle`, then `driver`.
"""
