"""One mechanism that plans, diffs, checks and applies every kind of resource."""
