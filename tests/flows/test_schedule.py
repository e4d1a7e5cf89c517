"""A real server and a worker: the schedule creates runs, the form is usable, and a run runs."""

import json
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
from tests.flows.conftest import PrefectServer

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(600)]


def ask(server: PrefectServer, path: str, body: object | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.environ['PREFECT_API_URL']}{path}", data, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def wait(what: str, found: Any, seconds: float = 240) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (value := found()) is not None:
            return value
        time.sleep(1)
    raise TimeoutError(what)


def test_the_schedule_creates_runs_the_form_is_typed_and_a_run_runs(prefect_server: PrefectServer) -> None:
    prefect_server.command("work-pool", "create", "clearbar", "--type", "process")
    prefect_server.command("--no-prompt", "deploy", "--all", "--prefect-file", "prefect.yaml")
    deployments = {item["name"]: item for item in ask(prefect_server, "/deployments/filter", {})}
    assert set(deployments) == {"on-demand", "nightly", "check", "report"}
    nightly = deployments["nightly"]

    def scheduled() -> Any:
        runs = ask(prefect_server, "/flow_runs/filter", {"flow_runs": {"deployment_id": {"any_": [nightly["id"]]}}})
        return [run for run in runs if run["auto_scheduled"]] or None

    assert wait("the scheduler created no run", scheduled, 120)
    form = deployments["on-demand"]["parameter_openapi_schema"]
    fields = form["definitions"]["AuditRequest"]["properties"]
    assert {"sources", "team", "since", "until", "grader", "rubric", "limit"} <= set(fields)

    body = {"parameters": {"request": {"limit": 8, "grader": "rules"}}}
    run = ask(prefect_server, f"/deployments/{deployments['on-demand']['id']}/create_flow_run", body)
    prefect_server.begin("worker", "start", "--pool", "clearbar", "--type", "process")

    def ended() -> Any:
        state = ask(prefect_server, f"/flow_runs/{run['id']}")["state"]["type"]
        return state if state in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"} else None

    assert wait("the worker did not finish the run", ended) == "COMPLETED"


def test_wrong_parameters_are_refused(prefect_server: PrefectServer) -> None:
    (found,) = [item for item in ask(prefect_server, "/deployments/filter", {}) if item["name"] == "on-demand"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(prefect_server, f"/deployments/{found['id']}/create_flow_run", {"parameters": {"request": {"limit": -3}}})
    assert refused.value.code in {409, 422}
    refused.value.close()
