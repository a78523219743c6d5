"""Releases on a machine with Docker Compose: what is rendered, planned, asked of the machine, and judged."""
