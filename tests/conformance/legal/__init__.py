"""Legal histories: what a client does that keeps every rule and takes every freedom the documents leave, by seed.

Not the reference client: another reading of the same documents, under a clock that moves only when this client waits.
"""
