"""A thousand disks by one message, measured: `make incident`. A program, not a test."""
