"""What the app costs and bears, measured: `make load`, `make incident`. Programs, not tests."""
