"""A conformance kit for clients of the NemoVideo agent API."""
