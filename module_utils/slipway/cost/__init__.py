"""What a service costs a month, on Fargate and on a machine."""
