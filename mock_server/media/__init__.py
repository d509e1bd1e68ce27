"""Media files: what an upload is, read from its headers alone."""
