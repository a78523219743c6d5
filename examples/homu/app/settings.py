"""What the service is told by its environment."""

import os
import sys

VERSION = os.environ.get("APP_VERSION", "unknown")


def required(name: str) -> str:
    """The value of a variable that the service cannot work without."""
    value = os.environ.get(name)
    if not value:
        sys.exit(f"{name} is not set: describe it in service_secrets")
    return value
