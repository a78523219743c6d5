"""The demonstration: an embedded AWS, seeded as a first user's account would be, and a real deploy to it."""
