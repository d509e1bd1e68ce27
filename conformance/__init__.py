"""A conformance kit for clients of the NemoVideo agent API."""

__version__ = "0.1.0"
