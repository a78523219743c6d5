"""A drift check as people and machines read it."""
