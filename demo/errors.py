"""The one error that the demonstration's commands report; anything else is a fault of their own."""


class DemoError(Exception):
    """Something in the way; the message says what it is and what to do."""
