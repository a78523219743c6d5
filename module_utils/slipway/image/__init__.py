"""Container images: what is in a build context, what the repository has, and how the one gets to the other."""
