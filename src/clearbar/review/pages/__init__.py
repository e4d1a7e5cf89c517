"""The pages: one module for each subject, each with a router."""

from clearbar.review.pages import calibration, conversations, disputes, figures, notices, people, queue, review, sign_in

__all__ = ["ROUTERS"]

ROUTERS = (
    sign_in.router,
    queue.router,
    review.router,
    conversations.router,
    disputes.router,
    calibration.router,
    figures.router,
    people.router,
    notices.router,
)
