"""Every module against every emulator that has its service."""
