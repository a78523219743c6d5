"""What people type, run as they type it."""
