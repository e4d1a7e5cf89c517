"""Labels and the audit trail only grow; samples stay as they were drawn."""

from datetime import datetime

import pytest
from sqlalchemy import text
from tests.store.made import START

from clearbar.errors import StoreError
from clearbar.label import Label, LabelKind
from clearbar.store import Run, Sampled, SourceRef, Store

FULL = Label(
    id="c1",
    source="desk",
    levels={"solved": "yes", "polite": 2, "calm": "na"},
    overall="clears",
    evidence={"solved": (1, 4)},
    annotator="ann",
    kind=LabelKind.BLIND,
    rubric="a" * 64,
    probability=0.25,
    group="outage",
    note="Solvéd: 👍 but slowly",
    at=START,
)


def test_labels_come_back_whole_and_in_the_order_in_which_they_came(store: Store) -> None:
    given = [FULL, Label(id="c1", levels={"solved": "no"}), Label(id="c0", source="desk", levels={}, kind=LabelKind.DISPUTE)]
    assert store.add_labels(given) == 3
    assert store.labels() == given


def test_a_label_given_again_changes_nothing_and_a_corrected_one_is_a_further_label(store: Store) -> None:
    assert store.add_labels([FULL, FULL]) == 1
    corrected = FULL.model_copy(update={"kind": LabelKind.REVEALED, "levels": {"solved": "no"}})
    assert store.add_labels([FULL, corrected]) == 1
    assert store.labels() == [FULL, corrected]


def test_labels_are_taken_by_source_id_kind_and_annotator(store: Store) -> None:
    everywhere, mail = Label(id="c2", levels={}), FULL.model_copy(update={"source": "mail", "kind": LabelKind.CONSENSUS})
    store.add_labels([FULL, everywhere, mail])
    assert store.labels(source="desk") == [FULL, everywhere]
    assert store.labels(ids=["c2"]) == [everywhere]
    assert store.labels(kinds=[LabelKind.CONSENSUS]) == [mail]
    assert store.labels(annotator="ann") == [FULL, mail]


def test_ten_thousand_labels_are_imported_at_once(store: Store) -> None:
    given = [Label(id=f"c{number}", levels={"solved": "yes"}) for number in range(40_000)]
    assert store.add_labels(given) == 40_000
    assert store.add_labels(given) == 0


@pytest.mark.parametrize("change", ["UPDATE {table} SET {column} = 'other'", "DELETE FROM {table}"])
@pytest.mark.parametrize(("table", "column"), [("labels", "body"), ("journal", "why")])
def test_the_database_itself_refuses_to_change_what_is_append_only(store: Store, change: str, table: str, column: str) -> None:
    store.add_labels([FULL])
    store.enter("view", who="lead", source="desk", id="c1", why="as agreed")
    with pytest.raises(StoreError), store.write() as connection:
        connection.execute(text(change.format(table=table, column=column)))
    assert store.labels() == [FULL]
    assert [entry.why for entry in store.journal()] == ["as agreed"]


def test_a_sample_keeps_what_an_auditor_asks_for_and_is_drawn_once(store: Store, run: Run) -> None:
    drawn = [
        Sampled(run=run.id, source="desk", id="c2", stratum="parcels", probability=0.1, seed=2**40, frame_hash="f" * 64),
        Sampled(run=run.id, source="desk", id="c1", part="targeted", why="provisional auto-fail"),
    ]
    store.add_samples(drawn)
    store.add_samples([drawn[0].model_copy(update={"probability": 1.0})])
    assert store.samples(run.id) == drawn[::-1]
    assert store.samples("another") == []


def test_an_agents_name_is_told_only_with_a_trace(store: Store) -> None:
    store.save_agents({"agent-1": "Ada"})
    assert store.reveal_agent("agent-1", who="lead", why="coaching") == "Ada"
    assert store.reveal_agent("agent-2", who="lead", why="coaching") is None
    assert [(entry.who, entry.action, entry.why) for entry in store.journal(action="reveal")] == [
        ("lead", "reveal", "agent agent-1: coaching"),
        ("lead", "reveal", "agent agent-2: coaching"),
    ]


def test_the_audit_trail_is_read_from_a_moment_on(store: Store) -> None:
    store.enter("export", who="lead")
    (entry,) = store.journal()
    assert store.journal(since=entry.at) == [entry]
    assert store.journal(since=datetime(2999, 1, 1)) == []  # noqa: DTZ001 - what comes without a zone is UTC


def test_sources_are_called_by_name(store: Store) -> None:
    store.save_source(SourceRef(fingerprint="f1", shown="old name", kind="files"))
    store.save_source(SourceRef(fingerprint="f1", shown="the desk", kind="files"))
    assert store.sources() == {"f1": SourceRef(fingerprint="f1", shown="the desk", kind="files")}
