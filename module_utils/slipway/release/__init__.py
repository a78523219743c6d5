"""What a release observes and concludes."""
