"""REST: the root, authentication and error handling."""
