"""Closing periods and restating reports from the command line."""

from pathlib import Path

from tests.cli.conftest import Clearbar, Write, talk
from tests.pipeline.graded import decide

from clearbar.pipeline.workspace import open_store
from clearbar.project import find_project
from clearbar.settings import load_settings
from clearbar.store import DisputeState


def test_a_period_is_closed_and_listed(clearbar: Clearbar) -> None:
    assert "no period is closed" in clearbar("period", "list").out
    assert "everything before 2026-10-01" in clearbar("period", "close", "--until", "2026-10-01", "--by", "lea").out
    (one,) = clearbar("period", "list", "--json").json
    assert (one["until"][:10], one["by"]) == ("2026-10-01", "lea")


def test_what_is_closed_already_is_not_closed_again(clearbar: Clearbar) -> None:
    clearbar("period", "close", "--until", "2026-10-01", "--by", "lea")
    for day in ("2026-10-01", "2026-09-01"):
        said = clearbar("period", "close", "--until", day, "--by", "tom")
        assert (said.code, said.out) == (0, "nothing to close: lea closed everything before 2026-10-01 00:00 UTC already\n")
    assert len(clearbar("period", "list", "--json").json) == 1


def test_a_day_to_come_cannot_be_closed(clearbar: Clearbar) -> None:
    said = clearbar("period", "close", "--until", "2999-01-01")
    assert said.code == 2
    assert "yet to come" in said.err


def test_outdated_reports_are_restated_and_others_left(clearbar: Clearbar, write: Write, small: Path) -> None:
    write("talks.jsonl", *[talk(f"t{number}") for number in range(6)])
    clearbar("audit", "--source", "talks.jsonl", "--grader", "rules", "--no-prefect", "--review", "0")
    assert "nothing to restate" in clearbar("report", "--restate").out
    project = find_project(small)
    with open_store(project, load_settings(project)) as store:
        (key,) = store.find_conversation("t1")
        audit = next(store.audits(ids=["t1"]))
        of = {"source": key[0], "id": key[1], "text_hash": audit.conversation.text_hash, "rubric": audit.rubric}
        told = {"criterion": "courtesy", "level": "clears", "proposed": "vaults", "team": "north", "agent": None, "by": "ann"}
        number = store.open_dispute({**of, **told, "reason": "warm", "passage": ""}, days=7, notify=[])
    assert clearbar("report", "--restate", "--json").json == []
    with open_store(project, load_settings(project)) as store:
        decide(store, number, DisputeState.ACCEPTED, "vaults")
    said = clearbar("report", "--restate")
    assert said.code == 0
    assert "north: dispute 1 changed a verdict in it" in said.out
    assert "nothing to restate" in clearbar("report", "--restate").out


def test_labels_brought_from_elsewhere_revise_the_reports_that_show_their_conversations(clearbar: Clearbar, write: Write) -> None:
    write("talks.jsonl", *[talk(f"t{number}") for number in range(6)])
    clearbar("audit", "--source", "talks.jsonl", "--grader", "rules", "--no-prefect", "--review", "0")
    elsewhere = write("elsewhere.jsonl", {"id": "unknown", "levels": {"courtesy": "vaults"}})
    assert "1 label added" in clearbar("labels", "import", elsewhere).out
    assert "nothing to restate" in clearbar("report", "--restate").out
    labels = write("labels.jsonl", {"id": "t1", "levels": {"courtesy": "vaults"}, "annotator": "ann"})
    assert "1 label added" in clearbar("labels", "import", labels).out
    assert "north: labels were added to conversations in it" in clearbar("report", "--restate").out
    assert "0 labels added" in clearbar("labels", "import", labels).out
    assert "nothing to restate" in clearbar("report", "--restate").out


def test_restating_takes_no_other_wishes(clearbar: Clearbar) -> None:
    said = clearbar("report", "--restate", "--team", "north")
    assert said.code == 2
    assert "--restate makes reports as they were asked for" in said.err
