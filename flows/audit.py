"""The audit as a Prefect flow: pull, redact, grade, store, check, sample, report. All of the work lies in clearbar; a task is a batch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ThreadPoolTaskRunner

from clearbar.pipeline.artifacts import Artifacts, emit
from clearbar.pipeline.audits import AuditResult, run_audit
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.steps import Delegated, Pending
from clearbar.project import find_project
from clearbar.settings import load_settings

RUNNER: Any = ThreadPoolTaskRunner(max_workers=4)


def submit(name: str, work: Callable[[], Any]) -> Pending[Any]:
    """Begin a batch as a task; its result goes to clearbar's store and not to Prefect's."""
    return task(name=name, cache_policy=NO_CACHE, persist_result=False, log_prints=False)(work).submit()


@flow(
    name="audit",
    description="Audit conversations now: grade them against the rubric and report for each team.",
    task_runner=RUNNER,
    persist_result=False,
)
def audit(request: AuditRequest, project: str | None = None) -> AuditResult:
    """Run an audit.

    Parameters
    ----------
    request
        What to pull, how to grade, what to report. Sources with a secret are called by name.
    project
        Project folder; found as on the command line where empty.
    """
    where = find_project(Path(project) if project else None)
    log = get_run_logger()
    result = run_audit(where, load_settings(where), request, notice=log.info, steps=Delegated(submit))
    emit(result, Artifacts(table=create_table_artifact, markdown=create_markdown_artifact, link=create_link_artifact))
    return result


if __name__ == "__main__":
    audit.serve(name="audit")
