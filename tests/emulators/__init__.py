"""The emulators of AWS that the tests run against, and the one guard that keeps every test away from AWS itself."""
