"""What the app costs and bears, measured: `make load`. Programs, not tests; they take minutes."""
