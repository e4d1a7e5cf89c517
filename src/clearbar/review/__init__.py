"""The reviewers' room: a web app for correcting graded samples. See docs/reviewers.md."""

from clearbar.review.app import create_app

__all__ = ["create_app"]
