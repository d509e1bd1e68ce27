"""A local reference mock of the NemoVideo agent API."""

__version__ = "0.1.0"
