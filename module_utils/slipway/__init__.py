"""Slipway: containerised web services on AWS from one description of the service."""
