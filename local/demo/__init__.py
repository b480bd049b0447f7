"""The demo: the whole app on this machine, shown live, and what became of each request."""
