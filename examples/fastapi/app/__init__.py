"""A small web service that stands in for the code of the services described in inventories/."""
