"""Commands of `nemovideo-conformance`."""
