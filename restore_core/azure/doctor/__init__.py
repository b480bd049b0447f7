"""Looks whether the app could restore: at storage, the token, each vault, Resource Graph.

It only reads, with the rights that the app has anyway. What these cannot show is named as skipped,
never asked for.
"""

from restore_core.azure.doctor.looks import AzureLooks

__all__ = ["AzureLooks"]
