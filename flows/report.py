"""Make the reports of a period from what the store holds, as a flow: nothing is pulled or graded."""

from pathlib import Path

from prefect import flow
from prefect.artifacts import create_link_artifact

from clearbar.pipeline.reporting import ReportRequest, Reports, run_report
from clearbar.project import find_project
from clearbar.settings import load_settings


@flow(name="report", description="Make the team reports of a period from the store; nothing is graded anew.", persist_result=False)
def report(request: ReportRequest | None = None, project: str | None = None) -> Reports:
    """Make reports.

    Parameters
    ----------
    request
        Period, teams and folder; all of the store by default.
    project
        Project folder; found as on the command line where empty.
    """
    where = find_project(Path(project) if project else None)
    made = run_report(where, load_settings(where), request or ReportRequest())
    if made.index:
        create_link_artifact(key="reports", link=Path(made.index).as_uri(), link_text="Reports", description="The page over all teams.")
    return made


if __name__ == "__main__":
    report.serve(name="report")
