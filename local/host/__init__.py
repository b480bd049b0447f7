"""A local Functions host: it takes messages, fires timers and answers HTTP by the real rules."""
