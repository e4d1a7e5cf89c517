"""Audits by an LLM over HTTP, and what becomes of them when it fails."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clearbar.errors import GraderUnavailableError
from clearbar.pipeline.audits import AuditResult, run_audit
from clearbar.pipeline.estimate import estimate_cost
from clearbar.pipeline.nightly import NightlyRequest, NightlyResult, run_nightly
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.workspace import open_store
from clearbar.project import Project
from clearbar.settings import load_settings

NOW = datetime(2026, 11, 20, tzinfo=UTC)
Write = Callable[[str, Sequence[dict[str, Any]]], Path]


def audit(project: Project, grader: str = "auto", told: list[str] | None = None, **request: Any) -> AuditResult:
    asked = AuditRequest.model_validate({"grader": grader, "limit": 12, **request})
    return run_audit(project, load_settings(project), asked, notice=(told if told is not None else []).append, now=NOW)


def given(project: Project) -> Counter[str]:
    """Verdicts of the newest audits by grader and fallback reason."""
    with open_store(project, load_settings(project)) as store:
        return Counter(f"{verdict.graded_by}:{verdict.fallback_reason or ''}" for item in store.audits() for verdict in item.verdicts)


@pytest.mark.usefixtures("llm")
def test_an_llm_grades_end_to_end_and_its_usage_is_counted(project: Project) -> None:
    result = audit(project)
    assert result.grader == "llm"
    assert result.counts.graded == 12
    assert result.verdicts["llm"] > 100
    with open_store(project, load_settings(project)) as store:
        assert all(item.usage.calls >= 1 and item.usage.input_tokens > 0 for item in store.audits())


@pytest.mark.usefixtures("llm")
def test_a_second_audit_pays_nothing(project: Project) -> None:
    first = audit(project)
    result = audit(project)
    assert (result.counts.reused, result.usage.calls, result.fallbacks) == (12, 0, {})
    with open_store(project, load_settings(project)) as store:
        kept = sum(item.usage.calls for item in store.audits())
    assert kept == first.usage.calls >= 12


def test_a_day_without_the_llm_keeps_its_grades_of_other_days_in_the_reports(
    project: Project, llm: Any, write_lines: Write, monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    def talks(*ids: str) -> tuple[str, ...]:
        turns = [{"role": "customer", "text": "Where is it?"}, {"role": "agent", "text": "On its way, I am sorry."}]
        talks = [{"id": id, "turns": [{"role": "customer", "text": f"About {id}."}, *turns]} for id in ids]
        return (str(write_lines("talks.jsonl", talks)),)

    first = audit(project, sources=talks("a", "b"))
    assert first.verdicts["llm"]
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{unused_port}/v1")
    down = audit(project, sources=talks("b", "c"))
    assert down.grader == "rules"
    assert sum(team.conversations for team in down.teams) == 3
    assert down.verdicts["llm"] == first.verdicts["llm"]
    assert down.verdicts["rules"]
    monkeypatch.setenv("OPENAI_BASE_URL", f"{llm.root}/v1")
    assert sum(team.conversations for team in audit(project, sources=talks("d")).teams) == 4


@pytest.mark.parametrize("faults", [{"500": 1.0}, {"prose": 1.0}, {"cut": 1.0}, {"empty": 1.0}])
def test_a_failing_llm_ends_in_rules_with_the_reason_counted_and_is_asked_again_when_it_is_back(
    project: Project, llm: Any, faults: dict[str, float]
) -> None:
    llm.control(faults=faults)
    broken = audit(project)
    assert broken.counts.graded + broken.counts.ungraded == 12
    assert sum(broken.fallbacks.values()) > 0 or any(name.startswith("rules:failed") for name in given(project))
    llm.control()
    mended = audit(project)
    assert mended.counts.graded + mended.counts.reused == 12
    assert mended.fallbacks == {}
    assert all(name.startswith("llm:") for name in given(project))


def test_a_quota_that_runs_out_in_the_middle_is_told_in_words(project: Project, llm: Any) -> None:
    llm.control(quota=4)  # one is the probe's
    told: list[str] = []
    result = audit(project, told=told)
    assert result.fallbacks == {"failed:unreachable": 12 - 3}
    assert [line for line in told if "quota is exhausted" in line and line.startswith("calls to the LLM that brought no reply")]


def test_without_a_server_auto_says_so_and_grades_by_rules_and_llm_refuses(
    project: Project, monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{unused_port}/v1")
    monkeypatch.setenv("CLEARBAR_LLM__MODEL", "test-model")
    told: list[str] = []
    result = audit(project, told=told)
    assert result.grader == "rules"
    assert result.why_rules
    assert any("rules grade" in line for line in told)
    assert all(name.startswith("rules:") and name != "rules:" for name in given(project))
    with pytest.raises(GraderUnavailableError):
        audit(project, grader="llm")


def test_without_a_key_rules_grade_and_every_verdict_says_why(project: Project) -> None:
    result = audit(project)
    assert result.why_rules is not None
    assert result.why_rules.startswith("no LLM is set up")
    assert set(given(project)) == {f"rules:{result.why_rules}"}


def test_rules_that_were_asked_for_are_no_fallback(project: Project) -> None:
    result = audit(project, grader="rules")
    assert result.why_rules is None
    assert set(given(project)) == {"rules:"}


@pytest.mark.usefixtures("llm")
def test_the_key_stands_nowhere(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-secret-key")
    audit(project, out=str(tmp_path / "out"))
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"planted-secret" not in path.read_bytes(), path


@pytest.mark.usefixtures("llm")
def test_a_cascade_asks_less_than_the_llm_alone_and_says_where_rules_decide(project: Project) -> None:
    told: list[str] = []
    result = audit(project, grader="cascade", told=told)
    assert result.grader == "cascade"
    assert any(line.startswith("cascade: ") for line in told)
    graders = given(project)
    assert graders["llm:"] > 0
    again = audit(project, grader="cascade")
    assert (again.counts.reused, again.usage.calls) == (12, 0)


@pytest.mark.usefixtures("llm")
def test_a_batch_audit_is_answered_and_paid_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARBAR_LLM__BATCH_POLL", "0.2")
    monkeypatch.setenv("CLEARBAR_GRADING__BATCH", "5")
    result = audit(project, mode="batch")
    assert (result.grader, result.counts.graded, result.fallbacks) == ("llm", 12, {})
    again = audit(project, mode="batch")
    assert (again.counts.reused, again.usage.calls) == (12, 0)


def talk(id: str, day: int) -> dict[str, Any]:
    turns = [
        {"role": "customer", "text": f"My parcel {id} never came and I am upset."},
        {"role": "agent", "text": "I am sorry about the parcel. I will send a new one today and mail the number by 5 pm."},
    ]
    return {"id": id, "started_at": f"2026-11-{day:02d}T09:00:00+00:00", "turns": turns}


def night(project: Project, source: Path, *, days: int = 0, **request: Any) -> NightlyResult:
    """A night some days later, without the checks that cost calls of their own."""
    asked = NightlyRequest.model_validate({"sources": (str(source),), "check": False, **request})
    return run_nightly(project, load_settings(project), asked, notice=print, now=NOW + timedelta(days=days))


@pytest.fixture
def no_anchors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARBAR_GRADING__ANCHORS", "0")


@pytest.mark.usefixtures("no_anchors")
def test_what_an_outage_left_to_the_rules_is_asked_again_however_late_the_server_is_back(
    project: Project, llm: Any, write_lines: Write, monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    source = write_lines("talks.jsonl", [talk("a", 1), talk("b", 2), talk("old", 18)])
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{unused_port}/v1")
    assert night(project, source).audit.grader == "rules"
    monkeypatch.setenv("OPENAI_BASE_URL", f"{llm.root}/v1")
    back = night(project, source, days=9)
    assert (back.audit.counts.filtered, back.audit.regraded.left, back.audit.regraded.regraded) == (2, 2, 2)
    assert all(name.startswith("llm:") for name in given_by_llm(project))
    assert night(project, source, days=10).audit.regraded.left == 0
    assert not any("left to the rules" in alarm.says for alarm in back.alarms)


@pytest.mark.usefixtures("no_anchors")
def test_what_was_excluded_since_an_outage_is_not_paid_for(
    project: Project, llm: Any, write_lines: Write, monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    source = write_lines("talks.jsonl", [talk("a", 1), {**talk("b", 2), "topic": "spam"}, talk("old", 18)])
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{unused_port}/v1")
    night(project, source)
    with open_store(project, load_settings(project)) as store:
        store.add_exclusion(field="topic", value="spam", why="no customers", by="lea")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{llm.root}/v1")
    assert night(project, source, days=9).audit.regraded.left == 1


def given_by_llm(project: Project) -> Counter[str]:
    with open_store(project, load_settings(project)) as store:
        found = store.audits(asked="llm")
        return Counter(f"{verdict.graded_by}:{verdict.fallback_reason or ''}" for item in found for verdict in item.verdicts)


@pytest.mark.usefixtures("no_anchors", "llm")
def test_what_a_budget_left_to_the_rules_is_asked_again_within_the_next_budget_and_the_rest_is_said(
    project: Project, write_lines: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_lines("talks.jsonl", [*(talk(f"t{number}", 1) for number in range(4)), talk("new", 18)])
    monkeypatch.setenv("CLEARBAR_LLM__BUDGET_CALLS", "0")
    first = night(project, source).audit
    assert first.fallbacks == {"failed:budget": 5}, first
    monkeypatch.setenv("CLEARBAR_LLM__BUDGET_CALLS", "3")
    second = night(project, source, days=9, limit=None)
    regraded = second.audit.regraded
    assert 0 < regraded.regraded < regraded.left
    assert regraded.fallbacks == {"failed:budget": regraded.left - regraded.regraded}
    assert any("still left to the rules" in alarm.says for alarm in second.alarms)
    monkeypatch.delenv("CLEARBAR_LLM__BUDGET_CALLS")
    assert night(project, source, days=10, regrade=False).audit.regraded.left == 0
    third = night(project, source, days=11)
    assert third.audit.regraded.left == third.audit.regraded.regraded > 0
    assert third.audit.usage.calls >= third.audit.regraded.left


def test_a_budget_in_money_for_a_model_without_a_price_leaves_all_to_the_rules_and_says_so(
    project: Project, llm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEARBAR_LLM__BUDGET_USD", "0.0000001")
    told: list[str] = []
    result = audit(project, told=told)
    assert (result.grader, result.counts.graded) == ("rules", 12)
    assert result.why_rules is not None
    assert "has no price" in result.why_rules
    assert any("has no price" in line and "llm.budget_tokens" in line for line in told)
    with pytest.raises(GraderUnavailableError, match="has no price"):
        audit(project, "llm")
    estimate = estimate_cost(project, load_settings(project), AuditRequest(limit=2), notice=print)
    assert "has no price" in str(estimate.prices)
    assert llm.stats()["requests"] == 0


@pytest.mark.usefixtures("no_anchors")
@pytest.mark.parametrize("mode", ["calls", "batch"])
def test_a_night_takes_another_model_votes_and_ways_of_asking_and_says_when_an_alias_was_repointed(
    project: Project, llm: Any, write_lines: Write, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("CLEARBAR_LLM__BATCH_POLL", "0.05")
    source = write_lines("talks.jsonl", [talk("a", 18)])
    first = night(project, source, model="named-here", votes=3, calls="groups", mode=mode)
    assert first.audit.usage.calls >= 3 * 3
    assert set(first.audit.models) == {"named-here fp_test"}
    assert first.audit.repointed is None
    llm.control(returned_model="named-here-2027")
    write_lines("talks.jsonl", [talk("a", 18), talk("b", 19)])
    second = night(project, source, days=1, model="named-here", votes=3, calls="groups", mode=mode)
    assert second.audit.repointed is not None
    assert "named-here-2027" in second.audit.repointed
    assert second.audit.repointed in [alarm.says for alarm in second.alarms]


def test_an_alias_that_is_repointed_during_the_first_run_is_told_by_its_whole_name(project: Project, llm: Any) -> None:
    llm.control(script=["", "renamed"])
    told: list[str] = []
    result = audit(project, told=told)
    assert set(result.models) == {"test-model fp_test", "another model fp_test"}
    assert result.repointed is not None
    assert "another model, test-model in one run" in result.repointed
    assert result.repointed in told


def test_a_model_whose_name_holds_a_space_is_no_other_on_the_second_run(project: Project, llm: Any) -> None:
    llm.control(returned_model="My model Q4")
    assert audit(project).repointed is None
    assert audit(project, limit=14).repointed is None
