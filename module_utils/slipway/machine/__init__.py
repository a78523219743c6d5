"""The description of a machine: one EC2 instance that runs the services of the group compose."""
