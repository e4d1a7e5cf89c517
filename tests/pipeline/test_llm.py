"""Audits by an LLM over HTTP, and what becomes of them when it fails."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clearbar.errors import GraderUnavailableError
from clearbar.pipeline.audits import AuditResult, run_audit
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
