"""The pages: one module for each subject, each with a router."""

from clearbar.review.pages import (
    calibration,
    conversations,
    disputes,
    exclusions,
    figures,
    notices,
    people,
    queue,
    review,
    rubric,
    rubric_forms,
    rubric_preview,
    sign_in,
)

__all__ = ["ROUTERS"]

ROUTERS = (
    sign_in.router,
    queue.router,
    review.router,
    conversations.router,
    disputes.router,
    calibration.router,
    figures.router,
    rubric.router,
    rubric_forms.router,
    rubric_preview.router,
    exclusions.router,
    people.router,
    notices.router,
)
