"""The only place that speaks to AWS: clients, errors and the shapes of the API."""
