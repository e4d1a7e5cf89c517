"""The flows give what the plain functions give, and show in Prefect neither names nor quotes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.flows.conftest import ROOT, load_flow

from clearbar.pipeline.audits import AuditResult, run_audit
from clearbar.pipeline.grading import grade_all
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.workspace import open_store, open_workspace
from clearbar.project import Project
from clearbar.settings import load_settings
from clearbar.verdict import Audit

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_harness")]
REQUEST = AuditRequest(grader="rules", limit=20)


def facts(result: AuditResult) -> Any:
    """All but what differs from run to run."""
    return result.model_dump(exclude={"run"})


def artifacts() -> str:
    """Everything that the runs of this session left in Prefect's artifacts."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        found = client.read_artifacts()
        runs = client.read_flow_runs()
    return repr([(item.key, item.data, item.description) for item in found]) + repr([run.parameters for run in runs])


def test_the_flow_gives_what_the_plain_function_gives(project: Project, tmp_path: Path) -> None:
    by_flow = load_flow("audit")(request=REQUEST.model_copy(update={"out": tmp_path / "out"}), project=str(ROOT))
    (tmp_path / "state").rename(tmp_path / "state-of-the-flow")
    project.use_state(tmp_path / "state")
    plainly = run_audit(project, load_settings(project), REQUEST.model_copy(update={"out": tmp_path / "out"}), notice=print)
    assert facts(by_flow) == facts(plainly)


def test_the_flow_and_clearbar_grade_give_the_same_verdicts(project: Project) -> None:
    load_flow("audit")(request=REQUEST, project=str(ROOT))
    settings = load_settings(project)
    with open_store(project, settings) as store:
        stored = {item.conversation.id: item.verdicts for item in store.audits()}
    with open_workspace(project, settings, grader="rules", notice=print) as space:
        graded = [item for item in grade_all(space, REQUEST, notice=print, now=datetime.now(UTC)) if isinstance(item, Audit)]
    assert len(graded) == len(stored) == 20
    for audit in graded:
        plain = [verdict.model_copy(update={"agent": None}) for verdict in audit.verdicts]
        assert plain == [verdict.model_copy(update={"agent": None}) for verdict in stored[audit.transcript]]


def test_artifacts_and_parameters_hold_neither_names_nor_quotes(project: Project) -> None:
    load_flow("audit")(request=REQUEST, project=str(ROOT))
    shown = artifacts()
    assert "audit-counts" in shown
    assert "audit-teams" in shown
    with open_store(project, load_settings(project)) as store:
        said = [item.quote for stored in store.audits() for verdict in stored.verdicts for item in verdict.evidence]
        quotes = {quote for quote in said if len(quote) > 25}
        agents = {agent for stored in store.audits() for agent in stored.conversation.agents}
    assert quotes
    assert not [quote for quote in quotes if quote in shown]
    assert not [agent for agent in agents if agent in shown]


def test_check_report_and_nightly_run_as_flows(project: Project) -> None:
    checked = load_flow("check")(project=str(ROOT))
    assert checked.result.n >= 40
    night = load_flow("nightly")(project=str(ROOT))
    assert night.audit.counts.graded + night.audit.counts.reused == 272
    again = load_flow("nightly")(project=str(ROOT))
    assert again.audit.counts.graded == 0
    assert again.audit.counts.filtered + again.audit.counts.reused == 272
    made = load_flow("report")(project=str(ROOT))
    assert made.conversations == 272
    assert Path(made.index).is_file()
    del project
