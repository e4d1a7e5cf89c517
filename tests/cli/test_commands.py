"""Each command once, as somebody would use it who has just made a project."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.conftest import PER_TEAM, SECRET, Clearbar, Write, talk, turns

from clearbar.label import Label
from clearbar.pipeline.workspace import open_store
from clearbar.project import find_project
from clearbar.settings import load_settings

CONVERSATIONS = 4 * PER_TEAM


def test_an_audit_of_the_sample_ends_with_the_path_of_the_reports(clearbar: Clearbar, small: Path) -> None:
    said = clearbar("audit", "--no-prefect", "--grader", "rules")
    assert said.code == 0
    lines = said.out.strip().splitlines()
    assert lines[0].startswith(f"{CONVERSATIONS} pulled = {CONVERSATIONS} graded + 0 ungraded + 0 reused")
    index = Path(lines[-1].removeprefix("reports: "))
    assert index.is_file()
    assert index.is_relative_to(small.parent / "state")
    pages = sorted(path.parent.name for path in index.parent.glob("*/index.html"))
    assert pages == ["banking", "broadband", "orders", "travel"]


def test_an_audit_again_reuses_all_and_a_dry_run_grades_nothing(clearbar: Clearbar, monkeypatch: pytest.MonkeyPatch) -> None:
    clearbar("audit", "--no-prefect")
    again = clearbar("audit", "--no-prefect", "--json").json
    assert again["counts"]["reused"] == again["pulled"] == CONVERSATIONS
    assert again["why_rules"] == "no LLM is set up: no model is set"
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    monkeypatch.setenv("CLEARBAR_LLM__MODEL", "gpt-4o-mini")
    dry = clearbar("audit", "--dry-run", "--limit", "3")
    assert dry.code == 0
    assert dry.out.startswith("3 conversations, ")
    assert "days old" in dry.err
    calls = clearbar("audit", "--dry-run", "--limit", "3", "--votes", "2", "--calls", "each", "--json").json["calls"]
    assert calls == round(3 * 15 * 2 * 1.05)


def test_a_team_a_period_and_a_limit_narrow_an_audit(clearbar: Clearbar, write: Write) -> None:
    talks = [talk(f"t{day}", team=("north", "south")[day % 2], started_at=f"2026-11-0{day}T10:00:00Z") for day in range(1, 9)]
    source = write("talks.jsonl", *talks)
    words = ("audit", "--no-prefect", "--source", source, "--json")
    assert clearbar(*words, "--team", "north").json["counts"]["graded"] == 4
    counts = clearbar(*words, "--since", "2026-11-03", "--until", "2026-11-05T12:00").json["counts"]
    assert (counts["graded"] + counts["reused"], counts["filtered"]) == (3, 5)
    counts = clearbar(*words, "--limit", "2").json["counts"]
    assert (counts["graded"] + counts["reused"], counts["filtered"]) == (2, 6)


def test_fields_are_mapped_from_elsewhere(clearbar: Clearbar, write: Write) -> None:
    record = {"key": 7, "meta": {"queues": ["returns"], "who": "Ada"}, "log": [{"by": "Bob", "says": "Hi, I need help"}]}
    record["log"] += [{"by": "shop", "says": "Of course, I will do it today and write to you."}]  # type: ignore[operator]
    source = write("odd.jsonl", record)
    fields = "id=key,team=meta.queues.0,agent=meta.who,turns=log,role=by,text=says"
    said = clearbar("grade", source, "--map", fields, "--map", "role.Bob=customer,role.shop=agent", "--with-text")
    assert said.code == 0
    assert (said.json["transcript"], said.json["team"]) == ("7", "returns")
    assert [turn["role"] for turn in said.json["turns"]] == ["customer", "agent"]


def test_grade_prints_one_line_a_conversation_whose_quotes_stand_in_its_text(clearbar: Clearbar, small: Path) -> None:
    said = clearbar("grade", small / "evals" / "conversations", "--grader", "rules", "--with-text")
    assert said.code == 0
    audits = [json.loads(line) for line in said.out.splitlines()]
    assert len(audits) == CONVERSATIONS
    quotes = 0
    for audit in audits:
        for verdict in audit["verdicts"]:
            for item in verdict["evidence"]:
                quotes += 1
                assert audit["turns"][item["turn"]]["text"][item["start"] : item["end"]] == item["quote"]
    assert quotes > CONVERSATIONS


def test_grade_reads_stdin_and_writes_stdout_or_a_file(program: Clearbar, tmp_path: Path) -> None:
    line = json.dumps(talk("a"))
    to_stdout = program("grade", "-", stdin=f"{line}\n")
    assert (to_stdout.code, to_stdout.json["transcript"]) == (0, "a")
    to_file = program("grade", "-", "-o", tmp_path / "out.jsonl", stdin=f"{line}\n")
    assert (to_file.code, to_file.out) == (0, "")
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8") == to_stdout.out
    assert not (tmp_path / "out.jsonl.part").exists()
    broken = program("grade", "-", stdin=f"{line}\nno json\n")
    assert broken.code == 1
    assert "-:2: is not valid JSON" in broken.err
    nothing = program("grade", "-", stdin="")
    assert nothing.code == 2
    assert "no conversation" in nothing.err


def test_redact_prints_what_graders_see(clearbar: Clearbar, write: Write) -> None:
    said = turns(f"Hello, I am {SECRET}, write to quill@example.com", "Thank you, I will write today.")
    source = write("talk.jsonl", talk("a", customer=SECRET, turns=said))
    seen = clearbar("redact", source)
    assert seen.code == 0
    assert seen.json["id"] == "a"
    assert not [word for word in ("Zanzibar", "Quill", "quill@example.com") if word in seen.out]


def test_check_compares_the_rules_with_the_labels(clearbar: Clearbar) -> None:
    said = clearbar("check", "--grader", "rules", "--split", "all", "--json")
    assert said.code in {0, 1}
    assert said.json["n"] == CONVERSATIONS
    one = said.json["criteria"]["courtesy"]
    assert {"n", "agreement", "kappa", "weighted_kappa", "ac1", "alpha", "interval", "precision_below", "recall_below"} <= set(one)
    assert one["decision"] in {"go", "no_go", "too_few"}
    table = clearbar("check", "--grader", "rules")
    assert "courtesy" in table.out
    assert "macro kappa" in table.out
    assert {one["grader"] for one in said.json["graders"]} == {"rules", "labels by pass-a", "labels by pass-b"}
    assert all(words in table.out for words in ("labels by pass-a", "judged at once (Holm)", "look 2 at this set", "Beside it"))
    quoted = [one for one in said.json["disagreements"] if one["label_evidence"]]
    assert all(len(one["label_quotes"]) == len(one["label_evidence"]) for one in quoted)


def test_errors_by_language_and_channel_are_told_with_the_fairness_probes(clearbar: Clearbar, tmp_path: Path) -> None:
    turns = [{"role": "customer", "text": "Hello, my parcel is not here."}, {"role": "agent", "text": "I am sorry, I will send it today."}]
    labelled = [
        {"id": f"t{place}", "turns": turns, "channel": "chat", "language": "en", "labels": {"levels": {"courtesy": 1}}}
        for place in range(4)
    ]
    (tmp_path / "own.jsonl").write_text("\n".join(map(json.dumps, labelled)), encoding="utf-8")
    said = clearbar("check", "--fairness", "--transcripts", tmp_path / "own.jsonl", "--grader", "rules", "--json")
    assert {one["conversations"] for one in said.json["rates"]} <= {0, 4}
    assert {(one["group"], one["compared"]) for one in said.json["errors"]} == {("language en", 4), ("channel chat", 4)}
    assert clearbar("check", "--fairness", "--html", tmp_path / "page.html").code == 2
    assert clearbar("check", "--fairness", "--stability").code == 2


def test_reports_are_made_again_from_the_store(clearbar: Clearbar, tmp_path: Path) -> None:
    clearbar("audit", "--no-prefect")
    said = clearbar("report", "--team", "travel", "--out", tmp_path / "again", "--parquet", "--json")
    assert said.code == 0
    assert said.json["conversations"] == PER_TEAM
    made = {path.suffix for path in (tmp_path / "again").rglob("*") if path.is_file()}
    assert {".html", ".csv", ".json", ".parquet"} <= made


def test_a_sample_for_review_is_drawn_and_listed(clearbar: Clearbar) -> None:
    assert "nothing was sampled yet" in clearbar("sample").out
    drawn = clearbar("audit", "--no-prefect", "--review", "3", "--json").json["sampled"]
    assert drawn > 0
    listed = clearbar("sample", "--json").json
    assert len(listed) == drawn


def test_a_rubric_is_shown_and_linted(clearbar: Clearbar) -> None:
    shown = clearbar("rubric", "show")
    assert shown.code == 0
    assert "Courtesy" in shown.out
    assert len(clearbar("rubric", "show", "--json").json["criteria"]) == 15
    assert clearbar("rubric", "lint").code == 0
    assert clearbar("rubric", "lint", "contact_centre").code == 0


def test_figures_are_fitted_and_a_rubric_with_them_is_written(clearbar: Clearbar, small: Path, tmp_path: Path) -> None:
    made = tmp_path / "fitted.yaml"
    said = clearbar("rubric", "fit", "-o", made, "--json")
    assert said.code == 0
    kept = [item for item in said.json if item["after"] != item["before"] and (item["kappa_unseen"] or 0) > (item["kappa_before"] or 0)]
    lines = made.read_text(encoding="utf-8").splitlines()
    old = (small / "rubrics" / "service_bar.yaml").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if "fitted on " in line]) == len({item["tally"] or item["criterion"] for item in kept})
    assert (lines == old) is not bool(kept)


def test_labels_go_in_and_come_out(clearbar: Clearbar, small: Path, tmp_path: Path) -> None:
    labels = sorted((small / "evals" / "labels").glob("*.jsonl"))
    said = clearbar("labels", "import", *labels)
    assert said.code == 0
    assert "0 there already, 0 could not be used" in said.out
    assert "0 labels added" in clearbar("labels", "import", *labels).out
    assert clearbar("labels", "export", "-o", tmp_path / "labels.jsonl").code == 0
    lines = (tmp_path / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == sum(len(path.read_text(encoding="utf-8").splitlines()) for path in labels)
    assert "levels" in json.loads(lines[0])


def test_the_store_is_shown_upgraded_and_emptied_of_what_is_old(clearbar: Clearbar, monkeypatch: pytest.MonkeyPatch) -> None:
    clearbar("audit", "--no-prefect")
    (run,) = [run for run in clearbar("store", "show", "--json").json if run["kind"] == "audit"]
    assert run["state"] == "finished"
    assert run["counts"]["graded"] == CONVERSATIONS
    assert "the store is at revision" in clearbar("store", "upgrade").out
    monkeypatch.setenv("CLEARBAR_RETENTION__TEXTS", "1")
    assert clearbar("store", "retain").out.startswith("removed: ")


def test_a_project_of_ones_own_audits(clearbar: Clearbar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = clearbar("init", "mine")
    assert said.code == 0
    assert {"rubrics", "prompts", "evals", "flows", "clearbar.toml"} <= {path.name for path in Path("mine").iterdir()}
    again = clearbar("init", "mine")
    assert (again.code, again.err) == (2, "clearbar: mine is not empty: name a new folder\n")
    (Path("mine") / "clearbar.toml").write_text('[grading]\ngrader = "rules"\n', encoding="utf-8")
    monkeypatch.delenv("CLEARBAR_STATE_DIR")
    audited = clearbar("audit", "--no-prefect", "--project", "mine", "--json").json
    assert audited["grader"] == "rules"
    assert audited["why_rules"] is None
    assert Path(audited["index"]).is_relative_to(tmp_path / "desk" / "mine" / ".clearbar")


def test_doctor_says_what_works(clearbar: Clearbar) -> None:
    said = clearbar("doctor", "--json")
    assert said.code == 0
    assert said.json["store"]["ok"]
    assert said.json["prefect"]["ok"]
    assert "TROUBLE" not in clearbar("doctor").out


def test_cells_that_would_be_formulas_are_made_harmless(clearbar: Clearbar, write: Write) -> None:
    source = write("talks.jsonl", *(talk(f"=HYPERLINK({number})", team="+team", topic="@topic", queue="-queue") for number in range(6)))
    said = clearbar("audit", "--no-prefect", "--source", source, "--json")
    assert said.code == 0
    cells = [
        cell
        for path in Path(said.json["reports"]).rglob("*.csv")
        for row in csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
        for cell in row
    ]
    assert any("HYPERLINK" in cell for cell in cells)
    assert [cell for cell in cells if cell.startswith(("=", "+", "@", "-", "\t", "\r")) and len(cell) > 1 and not cell[1:2].isdigit()] == []


def test_labels_that_are_exported_and_brought_back_stay_one(clearbar: Clearbar, small: Path, tmp_path: Path) -> None:
    project = find_project(small)
    label = Label(id="t1", source="a" * 16, levels={"courtesy": "below"}, annotator="rex", at=datetime(2026, 11, 2, tzinfo=UTC))
    with open_store(project, load_settings(project)) as store:
        store.add_labels([label], text_hash="b" * 64)
    clearbar("labels", "export", "--out", tmp_path / "out.jsonl")
    assert "0 labels added, 1 there already" in clearbar("labels", "import", tmp_path / "out.jsonl").out
