"""What HOMU goes through on its machine, in the order of test_compose.py."""
