"""The board: one page of all restores, on this machine, with the operator's own rights."""

from restorectl.board.serving import serve

__all__ = ["serve"]
