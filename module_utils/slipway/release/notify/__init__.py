"""Telling people of a release: Slack, SNS, a GitHub issue, GitHub's job summary."""
