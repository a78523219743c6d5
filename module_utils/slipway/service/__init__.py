"""A service's description: what may be in it, and what it comes to."""
