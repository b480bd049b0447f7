"""The board: one page of all restores, on this machine, with the operator's own rights."""

from restorectl.board.serving import serve, served

__all__ = ["serve", "served"]
