"""The benchmark: Slipway's no-op beside that of its peers."""
