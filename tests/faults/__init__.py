"""The fault layer: a proxy in front of the embedded AWS that adds what it lacks, and that breaks what is asked."""
