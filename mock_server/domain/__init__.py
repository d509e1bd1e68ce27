"""The service as a value: standard library only, no I/O, no clock, no chance but a seeded generator handed in."""
