"""How much faster than the recorded Azure a simulated one is, as it is typed."""

from __future__ import annotations

import argparse
import math


def pace(text: str) -> float:
    """Return a pace; argparse shows the reason where it is none."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no pace: it is a number above 0, such as 12")
    return number
