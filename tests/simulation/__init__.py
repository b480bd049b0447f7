"""A world in which everything fails, under one seed, in virtual time.

The real engine, stores, queues, vault and ARM client run here, with the function bodies around
them, on storage in memory and on the simulator. One thing at a time moves on (`scheduler`), which
one, the seed decides; whatever can go wrong is in `faults`; what must hold all the same, by the
names of DESIGN's invariants, in `invariants`. Imports point down:

    world ─► invariants ─► watch ─► telling, turns
      ├────► senders                what is sent, and what stands ready
      └────► host ─► storage, azure ─► process
    ground ─► plan, faults, scheduler   under all of them: the one clock, chance, storage, Azure

`python -m tests.simulation` runs worlds for as long as told, and replays one.
"""
