"""Asks a deployed app whether it could restore, then proves it by validations. Restores nothing."""
