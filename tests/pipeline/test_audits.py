"""An audit from request to reports, through the pipeline's own functions."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clearbar.errors import SourceError, UsageError
from clearbar.pipeline.audits import AuditResult, run_audit
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.workspace import open_store
from clearbar.project import Project
from clearbar.settings import Settings, load_settings

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
Write = Callable[[str, Sequence[dict[str, Any] | str]], Path]


def talk(id: str, *, team: str = "north", day: int = 1, text: str = "My parcel never came and I am upset.") -> dict[str, Any]:
    return {
        "id": id,
        "team": team,
        "agent": "Ada Example",
        "channel": "chat",
        "started_at": f"2026-11-{day:02d}T09:00:00+00:00",
        "turns": [
            {"role": "customer", "text": text, "time": 0},
            {"role": "agent", "text": "I am sorry about the parcel. I will send a new one today and mail the number by 5 pm.", "time": 30},
            {"role": "customer", "text": "Thank you, that helps.", "time": 60},
            {"role": "agent", "text": "You are welcome. Anything else for today?", "time": 70},
        ],
    }


def audit(project: Project, *sources: Path, notice: Callable[[str], None] = print, now: datetime = NOW, **request: Any) -> AuditResult:
    asked = AuditRequest(sources=tuple(map(str, sources)), grader="rules", **request)
    return run_audit(project, load_settings(project), asked, notice=notice, now=now)


def test_counts_close_and_every_outcome_is_told(project: Project, write_lines: Write) -> None:
    source = write_lines(
        "talks.jsonl",
        [
            talk("a"),
            talk("b", team="south"),
            talk("a"),
            {**talk("b", team="south"), "topic": "another"},
            "{broken",
            {"id": "c", "turns": []},
            talk("d", day=30),
        ],
    )
    result = audit(project, source, until=datetime(2026, 11, 25, tzinfo=UTC))
    counts = result.counts
    assert (counts.graded, counts.duplicate, counts.filtered, counts.rejected) == (2, 1, 1, 3)
    assert result.pulled == 7
    assert result.exit_code == 1
    told = [str(line) for line in result.listed]
    assert any("talks.jsonl:5" in line and "not valid JSON" in line for line in told)
    assert any("talks.jsonl:6" in line and "'turns' is empty" in line for line in told)
    assert any("talks.jsonl:4" in line and "other content" in line for line in told)


def test_a_second_run_reuses_every_grade_and_writes_the_same_report_bytes(project: Project, write_lines: Write, tmp_path: Path) -> None:
    source = write_lines("talks.jsonl", [talk(f"t{number}", day=1 + number % 5) for number in range(12)])
    period: dict[str, Any] = {"since": datetime(2026, 11, 1, tzinfo=UTC), "until": datetime(2026, 11, 9, tzinfo=UTC)}
    first = audit(project, source, out=tmp_path / "one", **period)
    second = audit(project, source, out=tmp_path / "two", **period)
    assert first.counts.graded == 12
    assert (second.counts.graded, second.counts.reused) == (0, 12)
    names = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(tmp_path / "two") for path in (tmp_path / "two").rglob("*") if path.is_file())
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in names)


def test_a_changed_conversation_is_graded_anew_beside_the_old(project: Project, write_lines: Write) -> None:
    source = write_lines("talks.jsonl", [talk("a"), talk("b")])
    audit(project, source)
    write_lines("talks.jsonl", [talk("a", text="Where is my invoice?"), talk("b")])
    result = audit(project, source)
    assert (result.counts.graded, result.counts.reused) == (1, 1)
    with open_store(project, load_settings(project)) as store:
        (key,) = store.find_conversation("a")
        assert "invoice" in store.conversation(*key).turns[0].text  # type: ignore[union-attr]


def test_every_quote_stands_where_its_span_says(project: Project, tmp_path: Path) -> None:
    result = run_audit(project, load_settings(project), AuditRequest(grader="rules", out=tmp_path / "out"), notice=print, now=NOW)
    assert result.counts.graded == result.pulled == 272
    with open_store(project, load_settings(project)) as store:
        quotes = 0
        for stored in store.audits(turns=True):
            for verdict in stored.verdicts:
                for item in verdict.evidence:
                    assert stored.conversation.turns[item.turn].text[item.start : item.end] == item.quote
                    quotes += 1
        assert quotes > 1000


def test_an_incremental_audit_takes_only_what_is_new_and_leaves_open_talks_for_later(project: Project, write_lines: Write) -> None:
    old, open_talk = talk("old", day=10), {**talk("open", day=20), "updated_at": (NOW - timedelta(minutes=5)).isoformat()}
    source = write_lines("talks.jsonl", [old, open_talk])
    first = audit(project, source, incremental=True)
    assert (first.counts.graded, first.counts.filtered) == (1, 1)
    later = NOW + timedelta(days=5)
    second = audit(project, source, incremental=True, now=later)
    assert (second.counts.graded, second.counts.filtered + second.counts.reused) == (1, 1)
    third = audit(project, source, incremental=True, now=later + timedelta(days=5))
    assert third.counts.graded == 0


def test_an_explicit_period_never_moves_the_watermark(project: Project, write_lines: Write) -> None:
    source = write_lines("talks.jsonl", [talk("a", day=3)])
    audit(project, source, since=datetime(2026, 11, 1, tzinfo=UTC))
    with open_store(project, load_settings(project)) as store:
        assert all(store.watermark(fingerprint) is None for fingerprint in store.sources())


def test_a_limit_takes_so_many_and_counts_the_rest_as_filtered(project: Project, write_lines: Write) -> None:
    source = write_lines("talks.jsonl", [talk(f"t{number}") for number in range(9)])
    result = audit(project, source, limit=4)
    assert (result.counts.graded, result.counts.filtered) == (4, 5)


def test_nothing_usable_is_told_by_the_exit_code(project: Project, write_lines: Write) -> None:
    assert audit(project, write_lines("bad.jsonl", ["{", "[]"])).exit_code == 2


def test_a_team_that_no_conversation_is_of_is_refused_and_those_there_are_named(project: Project, write_lines: Write) -> None:
    source = write_lines("talks.jsonl", [talk("a"), talk("b", team="south")])
    with pytest.raises(UsageError, match=r"no conversation is of team 'nroth'; the teams there are: 'north', 'south'"):
        audit(project, source, team="nroth")
    assert audit(project, source, team="north").counts.graded == 1
    assert audit(project, source, team="north", since=datetime(2026, 11, 15, tzinfo=UTC)).counts.filtered == 2


def test_a_quiet_night_of_a_known_team_is_none_of_a_misspelt_one(project: Project, write_lines: Write) -> None:
    audit(project, write_lines("talks.jsonl", [talk("a"), talk("b", team="south")]), team="north", incremental=True)
    later = write_lines("talks.jsonl", [talk("c", team="south", day=19)])
    assert audit(project, later, team="north", incremental=True).counts.filtered == 1
    with pytest.raises(UsageError, match="no conversation is of team 'nroth'"):
        audit(project, later, team="nroth", incremental=True)


def test_a_file_that_was_read_with_its_folder_is_told_when_it_is_read_alone(project: Project, write_lines: Write, tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    source = write_lines("exports/talks.jsonl", [talk("a")])
    told: list[str] = []
    audit(project, tmp_path / "exports", notice=told.append)
    assert not [line for line in told if "two names" in line]
    audit(project, source, notice=told.append)
    assert [line for line in told if "talks.jsonl and " in line and "count twice" in line]


def test_a_record_dated_in_the_future_waits_and_the_report_lists_it(project: Project, write_lines: Write, tmp_path: Path) -> None:
    ahead = {**talk("ahead"), "updated_at": "2031-01-01T00:00:00+00:00"}
    source = write_lines("talks.jsonl", [ahead, *[talk(f"t{number}") for number in range(6)]])
    result = audit(project, source, incremental=True, out=tmp_path / "out")
    assert (result.counts.graded, result.counts.filtered) == (6, 1)
    assert audit(project, source, incremental=True).counts.graded == 0
    page = (tmp_path / "out" / "north" / "index.html").read_text(encoding="utf-8")
    assert "1 record of the whole pull is dated in the future" in page
    assert "talks.jsonl:1" in page


def test_a_missing_source_and_a_period_that_ends_before_it_begins_are_refused(project: Project, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        audit(project, tmp_path / "nowhere.jsonl")
    with pytest.raises(UsageError, match="--since"):
        audit(project, since=NOW, until=NOW - timedelta(days=1))


def test_reports_show_pseudonyms_and_no_name_of_an_agent_or_customer(project: Project, write_lines: Write, tmp_path: Path) -> None:
    named = {**talk("a"), "customer": "Zelda Quillfeather"}
    named["turns"][0]["text"] = "Hello, my name is Zelda Quillfeather and my mail is zelda@example.com."
    audit(project, write_lines("talks.jsonl", [named, *[talk(f"t{n}") for n in range(6)]]), out=tmp_path / "out")
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    for word in (b"Ada", b"Quillfeather", b"Zelda", b"zelda@example.com"):
        assert word not in written
    store_bytes = b"".join(path.read_bytes() for path in (tmp_path / "state").glob("clearbar.db*"))
    assert b"Quillfeather" not in store_bytes
    assert b"zelda@example.com" not in store_bytes


def test_the_report_page_names_what_is_weak_and_the_counts(project: Project, tmp_path: Path) -> None:
    result = run_audit(project, load_settings(project), AuditRequest(grader="rules", out=tmp_path / "out"), notice=print, now=NOW)
    assert {team.team for team in result.teams} == {"banking", "broadband", "orders", "travel"}
    page = Path(result.teams[0].page).read_text(encoding="utf-8")
    assert "<html" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    machine = json.loads((tmp_path / "out" / "banking" / "report.json").read_bytes())
    assert machine["conversations"] == result.teams[0].conversations == 68


def test_another_rubric_grades_end_to_end(project: Project, tmp_path: Path) -> None:
    settings: Settings = load_settings(project)
    result = run_audit(
        project, settings, AuditRequest(grader="rules", rubric="contact_centre", limit=30, out=tmp_path / "out"), notice=print, now=NOW
    )
    assert result.counts.graded + result.counts.ungraded == 30
    assert "contact_centre" in result.rubric
