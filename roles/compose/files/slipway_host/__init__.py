"""Runs the services of one machine: started over SSH with a verb, and by systemd for good.

It is packed into one file (module_utils/slipway/compose/program.py). Python 3.9 is the oldest that it meets: that of
Amazon Linux 2023.
"""
