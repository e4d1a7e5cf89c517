"""The scheduled flow: pull what is new since the watermark, grade it, check the grader, sample for review, report, publish."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event
from prefect.task_runners import ThreadPoolTaskRunner

from clearbar.pipeline.artifacts import Artifacts, emit
from clearbar.pipeline.nightly import NightlyRequest, NightlyResult, run_nightly
from clearbar.pipeline.steps import Delegated, Pending
from clearbar.project import find_project
from clearbar.settings import load_settings

RUNNER: Any = ThreadPoolTaskRunner(max_workers=4)


def submit(name: str, work: Callable[[], Any]) -> Pending[Any]:
    """Begin a batch as a task; its result goes to clearbar's store and not to Prefect's."""
    return task(name=name, cache_policy=NO_CACHE, persist_result=False, log_prints=False)(work).submit()


@flow(
    name="nightly",
    description="Audit what is new, check the grader, sample for review, report and publish.",
    task_runner=RUNNER,
    persist_result=False,
)
def nightly(request: NightlyRequest | None = None, project: str | None = None) -> NightlyResult:
    """Run the nightly audit.

    Parameters
    ----------
    request
        Which sources, how to grade, what to publish; the settings' sources by default.
    project
        Project folder; found as on the command line where empty.
    """
    where = find_project(Path(project) if project else None)
    log = get_run_logger()
    result = run_nightly(where, load_settings(where), request or NightlyRequest(), notice=log.info, steps=Delegated(submit))
    emit(result.audit, Artifacts(table=create_table_artifact, markdown=create_markdown_artifact, link=create_link_artifact))
    for alarm in result.alarms:
        emit_event(
            event="clearbar.alarm",
            resource={"prefect.resource.id": f"clearbar.criterion.{alarm.about}"},
            payload=alarm.model_dump(mode="json"),
        )
    return result


if __name__ == "__main__":
    nightly.serve(name="nightly", cron="0 3 * * *")
