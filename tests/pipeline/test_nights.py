"""Pulls that go wrong half-way, several sources at once, nights one after the other, and what an erasure leaves behind."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT

from clearbar.errors import UsageError
from clearbar.label import Label, LabelKind
from clearbar.pipeline.audits import AuditResult, run_audit
from clearbar.pipeline.checking import CheckRequest, run_check
from clearbar.pipeline.erasure import erase_from_everywhere
from clearbar.pipeline.nightly import NightlyRequest, NightlyResult, run_nightly
from clearbar.pipeline.reporting import ReportRequest, run_report
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.workspace import open_store
from clearbar.project import Project
from clearbar.rubric_file import open_rubric
from clearbar.settings import load_settings
from clearbar.store import Published

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
Write = Callable[[str, Sequence[dict[str, Any] | str]], Path]


def talk(id: str, *, team: str = "north", day: int = 1) -> dict[str, Any]:
    return {
        "id": id,
        "team": team,
        "started_at": f"2026-11-{day:02d}T09:00:00+00:00",
        "turns": [
            {"role": "customer", "text": f"My parcel {id} never came and I am upset."},
            {"role": "agent", "text": "I am sorry about the parcel. I will send a new one today and mail the number by 5 pm."},
        ],
    }


def audit(project: Project, *sources: object, now: datetime = NOW, notice: Callable[[str], None] = print, **request: Any) -> AuditResult:
    asked = AuditRequest(sources=tuple(map(str, sources)), grader="rules", **request)
    return run_audit(project, load_settings(project), asked, notice=notice, now=now)


def watermarks(project: Project) -> list[str]:
    with open_store(project, load_settings(project)) as store:
        return [mark.id for fingerprint in sorted(store.sources()) if (mark := store.watermark(fingerprint))]


def test_of_several_sources_one_that_is_missing_is_listed_and_the_others_are_audited(project: Project, write_lines: Write) -> None:
    result = audit(project, write_lines("talks.jsonl", [talk("a"), talk("b")]), "nowhere.jsonl", "env:NOWHERE", "sqlite:///no.db#x")
    assert (result.counts.graded, result.counts.rejected, result.pulled) == (2, 3, 5)
    assert result.exit_code == 1
    assert any("no such file" in item.why for item in result.listed)


def test_a_source_that_is_named_twice_is_read_once(project: Project, write_lines: Write) -> None:
    source = write_lines("talks.jsonl", [talk("a"), talk("b")])
    said: list[str] = []
    result = audit(project, source, source, f"{source.parent}/./talks.jsonl", notice=said.append)
    assert (result.counts.graded, result.pulled) == (2, 2)
    assert any("named twice" in line for line in said)


def test_a_database_that_breaks_off_keeps_what_it_gave_and_leaves_the_watermark(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "chats.db"
    with closing(sqlite3.connect(file)) as chats, chats:
        chats.execute("create table talks (id text, turns text, updated_at text)")
        for number in range(4):
            turns = json.dumps(talk("x")["turns"])
            chats.execute("insert into talks values (?, ?, ?)", (f"t{number}", turns, f"2026-11-0{number + 1}T00:00:00"))
        # fails when the row of the last conversation is read
        chats.execute("create view odd as select id, turns, case id when 't3' then json(id) else updated_at end as updated_at from talks")
    broken = audit(project, f"sqlite:///{file}#odd", incremental=True)
    assert broken.counts.rejected == 1
    assert watermarks(project) == []
    with closing(sqlite3.connect(file)) as chats, chats:
        chats.execute("drop view odd")
        chats.execute("create view odd as select * from talks")
    whole = audit(project, f"sqlite:///{file}#odd", incremental=True)
    assert whole.counts.graded + whole.counts.reused == 4
    assert watermarks(project) == ["t3"]


def test_a_pull_of_one_team_leaves_the_others_to_the_night(project: Project, write_lines: Write) -> None:
    source = write_lines("talks.jsonl", [talk("a", day=1), talk("b", team="south", day=2), talk("c", day=12)])
    audit(project, source, incremental=True, team="north")
    assert watermarks(project) == []
    assert audit(project, source, incremental=True).counts.graded == 1
    assert watermarks(project) == ["c"]


def test_moments_without_a_zone_as_forms_send_them_are_utc(project: Project, write_lines: Write) -> None:
    source = write_lines("talks.jsonl", [talk("a", day=1), talk("b", day=9)])
    asked = AuditRequest.model_validate({"sources": [str(source)], "grader": "rules", "since": "2026-11-05T00:00:00", "team": ""})
    result = run_audit(project, load_settings(project), asked, notice=print, now=NOW)
    assert (result.counts.graded, result.counts.filtered) == (1, 1)
    assert ReportRequest.model_validate({"until": "2026-11-05"}).until == datetime(2026, 11, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "source", ["postgresql://ann:quillpass@host/x#talks", "mysql://host/x?user=ann&password=quillpass", "postgresql://:quillpass@host/x"]
)
@pytest.mark.parametrize("request_of", [AuditRequest, NightlyRequest])
def test_a_password_in_a_source_is_refused_before_anything_keeps_it(source: str, request_of: Any) -> None:
    with pytest.raises(UsageError, match="env:NAME") as refused:
        request_of(sources=(source,))
    assert "quillpass" not in str(refused.value)


def test_a_source_without_a_password_is_none(tmp_path: Path) -> None:
    for source in ("postgresql://ann@host:5432/x#talks", "sqlite:///C:/a@b.db#talks", str(tmp_path / "a:b@c.jsonl"), "env:CHATS"):
        assert AuditRequest(sources=(source,)).sources == (source,)


def test_reports_in_a_relative_folder_are_found_by_an_erasure_from_elsewhere(
    project: Project, write_lines: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_lines("talks.jsonl", [talk("planted"), *(talk(f"t{number}") for number in range(6))])
    monkeypatch.chdir(tmp_path)
    result = audit(project, source, out=Path("out"))
    assert Path(result.reports) == tmp_path / "out"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    erase(project, "planted")
    assert not (tmp_path / "out" / "north" / "report.json").exists()


def erase(project: Project, id: str) -> None:
    done = erase_from_everywhere(
        project, load_settings(project), conversations=(id,), customer=None, who="test", why="asked for", notice=print
    )
    assert done.complete


def holding(word: str, *folders: Path) -> list[str]:
    return [path.name for folder in folders for path in folder.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]


def test_an_erased_id_does_not_come_back_by_a_filter_or_as_a_duplicate(project: Project, write_lines: Write, tmp_path: Path) -> None:
    source = write_lines("talks.jsonl", [talk("planted"), talk("planted"), *(talk(f"t{number}", day=9) for number in range(6))])
    audit(project, source, out=tmp_path / "out")
    erase(project, "planted")
    again = audit(project, source, out=tmp_path / "out", since=datetime(2026, 11, 5, tzinfo=UTC))
    assert (again.counts.filtered, again.counts.reused) == (1 + 1, 6)
    assert again.pulled == 8
    assert holding("planted", tmp_path / "state", tmp_path / "out") == []


def test_pages_that_list_a_rejected_record_go_with_its_id(project: Project, write_lines: Write, tmp_path: Path) -> None:
    source = write_lines("talks.jsonl", [{"id": "planted", "turns": []}, *(talk(f"t{number}") for number in range(6))])
    audit(project, source, out=tmp_path / "out")
    assert holding("planted", tmp_path / "out")
    erase(project, "planted")
    assert holding("planted", tmp_path / "state", tmp_path / "out") == []


def own_project(tmp_path: Path) -> Project:
    """Return a project whose labelled set is small, so that a check takes a moment."""
    for name in ("flows", "prompts", "rubrics", "evals"):
        shutil.copytree(ROOT / name, tmp_path / "own" / name)
    for folder in ("conversations", "labels"):
        for file in (tmp_path / "own" / "evals" / folder).glob("*.jsonl"):
            lines = file.read_text(encoding="utf-8").splitlines()[:12]
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = Project(tmp_path / "own")
    found.use_state(tmp_path / "state")
    return found


def looks(project: Project) -> int:
    with open_store(project, load_settings(project)) as store:
        return len(store.runs(kind="check"))


@pytest.mark.usefixtures("never_checked")
def test_a_report_cites_a_check_of_the_labels_as_they_are_now(tmp_path: Path, write_lines: Write) -> None:
    project = own_project(tmp_path)
    source = write_lines("talks.jsonl", [talk(f"t{number}") for number in range(3)])
    audit(project, source)
    audit(project, source)
    assert looks(project) == 1
    run_check(project, load_settings(project), CheckRequest(grader="rules", split="dev"), notice=print)
    before = looks(project)
    audit(project, source)
    assert looks(project) == before
    thresholds = project.path("evals/thresholds.yaml")
    thresholds.write_text(thresholds.read_text(encoding="utf-8") + "\n# stricter\n", encoding="utf-8")
    audit(project, source)
    assert looks(project) == before + 1
    for kept in (tmp_path / "state" / "checks").iterdir():
        kept.write_text("{", encoding="utf-8")
    audit(project, source)
    assert looks(project) == before + 2


def test_a_check_of_another_part_is_not_what_reports_cite(tmp_path: Path, write_lines: Write) -> None:
    project = own_project(tmp_path)
    run_check(project, load_settings(project), CheckRequest(grader="rules", split="dev"), notice=print)
    result = audit(project, write_lines("talks.jsonl", [talk(f"t{number}") for number in range(6)]))
    assert "dev part" not in Path(result.reports, "north", "report.json").read_text(encoding="utf-8")


def test_a_project_without_labels_is_audited_and_its_night_says_so(tmp_path: Path, write_lines: Write) -> None:
    project = own_project(tmp_path)
    shutil.rmtree(project.root / "evals")
    source = write_lines("talks.jsonl", [talk(f"t{number}") for number in range(6)])
    said: list[str] = []
    result = audit(project, source, notice=said.append)
    assert result.counts.graded == 6
    assert any("cannot be measured" in line for line in said)
    night = nightly(project, source)
    assert night.audit.counts.reused == 6
    assert [alarm.says.split(":")[0] for alarm in night.alarms] == ["check", "anchors"]


def nightly(project: Project, *sources: Path, now: datetime = NOW) -> NightlyResult:
    request = NightlyRequest(sources=tuple(map(str, sources)), grader="rules")
    return run_nightly(project, load_settings(project), request, notice=print, now=now)


def test_a_night_after_a_night_finds_only_what_is_new(tmp_path: Path, write_lines: Write) -> None:
    project = own_project(tmp_path)
    source = write_lines("talks.jsonl", [talk("a", day=10), talk("b", day=18)])
    first = nightly(project, source)
    again = nightly(project, source)
    assert (first.audit.counts.graded, again.audit.counts.graded, again.audit.counts.reused) == (2, 0, 1)
    write_lines("talks.jsonl", [talk("a", day=10), talk("b", day=18), talk("c", day=20)])
    next_night = nightly(project, source, now=NOW + timedelta(days=1))
    assert (next_night.audit.counts.graded, next_night.audit.pulled) == (1, 3)
    assert sum(team.conversations for team in next_night.audit.teams) == 3


@pytest.fixture
def corrected(tmp_path: Path, write_lines: Write) -> tuple[Project, Path]:
    """A project with a report in the folder `october` that somebody corrected since, and its source."""
    project = own_project(tmp_path)
    source = write_lines("talks.jsonl", [talk(f"t{number}") for number in range(6)])
    audit(project, source, out=tmp_path / "october")
    with open_store(project, load_settings(project)) as store:
        found = next(store.audits(ids=["t1"]))
        said = Label(
            id="t1",
            source=found.conversation.source,
            levels={"empathy": "vaults"},
            annotator="session 1",
            kind=LabelKind.CONSENSUS,
            rubric=found.rubric,
            at=NOW,
        )
        store.add_consensus(said, found.conversation.text_hash)
    return project, source


def test_a_night_restates_other_reports_in_which_people_corrected_something(corrected: tuple[Project, Path], tmp_path: Path) -> None:
    project, source = corrected
    nightly(project, source, now=NOW + timedelta(days=1))
    page = (tmp_path / "october" / "north" / "index.html").read_text(encoding="utf-8")
    assert "because a calibration session settled verdicts in it" in page


def test_a_report_that_cannot_be_restated_is_an_alarm_and_the_night_goes_on(
    corrected: tuple[Project, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, source = corrected
    for lock in (project.state / "locks").iterdir():  # where the file should be that keeps others from writing that folder
        lock.unlink()
        lock.mkdir()
    old = tmp_path / "old.html"
    old.touch()
    with open_store(project, load_settings(project)) as store:
        store.add_report(Published(path=str(old), made_at=NOW - timedelta(days=700)), [])
    monkeypatch.setenv("CLEARBAR_RETENTION__REPORTS", "300")
    night = nightly(project, source, now=NOW + timedelta(days=1))
    assert [alarm.says for alarm in night.alarms if "october" in alarm.says] == [
        f"not restated: {tmp_path / 'october'}: it could not be made anew (Is a directory)"
    ]
    assert not old.exists()  # retention ran


def test_a_duplicate_is_no_rejection_for_a_check(project: Project, write_lines: Write) -> None:
    labelled = {**talk("a"), "labels": {"levels": {"empathy": 1}}}
    source = str(write_lines("talks.jsonl", [labelled, labelled, talk("b")]))
    checked = run_check(project, load_settings(project), CheckRequest(grader="rules", labels=(source,)), notice=print)
    assert checked.result.n == 1
    assert checked.rejected == ()


def test_a_grader_that_moved_is_told_on_top_of_the_next_report(tmp_path: Path, write_lines: Write) -> None:
    project = own_project(tmp_path)
    first = nightly(project, write_lines("talks.jsonl", [talk(f"t{number}") for number in range(6)]))
    page = Path(first.audit.reports, "north", "index.html")
    assert "graded anew by rules in 1 night" in page.read_text(encoding="utf-8")
    with open_store(project, load_settings(project)) as store:
        (night,) = store.runs(kind="anchors")
        rubric = open_rubric("service_bar", project)
        for number in range(1, 16):
            levels = {id: dict(given) for id, given in night.parameters["levels"].items()}
            if number > 12:
                levels = {id: given | {"courtesy": "vaults" if given["courtesy"] == "below" else "below"} for id, given in levels.items()}
            again = dict(night.parameters) | {"at": (NOW + timedelta(days=number)).isoformat(), "levels": levels}
            store.finish_run(store.start_run(kind="anchors", rubric=rubric, asked="rules", parameters=again).id)
    run_report(project, load_settings(project), ReportRequest())
    told = page.read_text(encoding="utf-8")
    assert "graded anew each night, the grader moved on courtesy" in told
    assert json.loads(page.with_name("report.json").read_text(encoding="utf-8"))["watched"][0]["alarm"] is True
