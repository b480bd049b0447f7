"""The life of one restore, from its acceptance to its end, as pure values and functions.

What a state owes, what follows an event, when to look again, which notices go out and what the
operator allows is decided here and nowhere else; time comes in as an argument.
No I/O, no clock, no Azure SDK, no table and no log may be in here.
"""
