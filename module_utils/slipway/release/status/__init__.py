"""What serves now: one table for all services of an inventory."""
