"""Reports of a result, each a function from a result to text: equal results give equal files, and none holds a secret."""
