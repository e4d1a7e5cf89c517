"""Check a grader against labelled conversations, as a flow."""

from pathlib import Path

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact

from clearbar.pipeline.checking import Checked, CheckRequest, run_check
from clearbar.project import find_project
from clearbar.settings import load_settings


@flow(
    name="check",
    description="Compare a grader with labelled conversations and decide, criterion by criterion, whether to trust it.",
    persist_result=False,
)
def check(request: CheckRequest | None = None, project: str | None = None) -> Checked:
    """Check a grader.

    Parameters
    ----------
    request
        Labels, transcripts and grader; the project's own labelled set and rules by default.
    project
        Project folder; found as on the command line where empty.
    """
    where = find_project(Path(project) if project else None)
    checked = run_check(where, load_settings(where), request or CheckRequest(), notice=get_run_logger().info)
    create_table_artifact(key="check", table=checked.rows(), description=f"{checked.grader} against {checked.labelled_set}")
    return checked


if __name__ == "__main__":
    check.serve(name="check")
