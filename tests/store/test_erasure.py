"""What is erased is gone from every byte of the store, stays gone, and leaves the counts as they were."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, select
from tests.store.made import START, made_grade, made_item, made_rubric, made_transcript

from clearbar.errors import ErasedError
from clearbar.grading.llm.ledger import RawReply
from clearbar.label import Label
from clearbar.store import Counts, Item, Mark, Outcome, Published, Run, Sampled, Store
from clearbar.store.schema import backups

PLANTED = ("quokka-words", "quokka-earlier", "quokka-id", "quokka-place", "quokka-customer", "quokka-note", "quokka-url", "quokka-reply")
"""All that is known of the planted customer."""


def plant(store: Store, run: Run) -> None:
    """Store a customer in every place where the store keeps anything, beside a hundred others."""
    others = [made_item(made_transcript(number, customer=f"customer-{number}")) for number in range(100)]
    fields = {"id": "quokka-id", "customer": "quokka-customer", "url": "https://desk.example/quokka-url"}
    early, late = made_transcript(501, text="quokka-earlier", **fields), made_transcript(501, text="quokka-words", **fields)
    store.save_batch(run, [*others[:50], made_item(early, place="quokka-place"), *others[50:]])
    store.save_batch(store.start_run(rubric=made_rubric(), asked="rules"), [made_item(late)])
    rejected = Item(source="desk", place="quokka-id", outcome=Outcome.DUPLICATE)
    store.save_batch(run, [rejected], advance_to={"desk": Mark(START, "quokka-id")})
    store.save_grades([made_grade(late, replicate="vote-1")])
    store.ledger.commit([made_reply(late.text_hash, "one"), made_reply(early.text_hash, "two"), made_reply("0" * 64, "of a killed run")])
    store.add_labels(
        [Label(id="quokka-id", source="desk", levels={"solved": "no"}, note="quokka-note", annotator="ann", group="quokka-note")]
    )
    store.add_samples([Sampled(run=run.id, source="desk", id="quokka-id", probability=0.5, why="quokka-note")])
    store.enter("view", who="lead", source="desk", id="quokka-id", why="quokka-note")
    for path, ids in {"parcels.html": ["quokka-id", "c00001"], "bulky.html": ["c00002"]}.items():
        store.add_report(Published(path=path, team="parcels", run=run.id, made_at=START), [("desk", id) for id in ids])


def made_reply(text_hash: str, request: str, content: str = '{"why": "quokka-reply"}') -> RawReply:
    return RawReply(grade_key="k", request=request, text_hash=text_hash, grader="llm-1", model="m", content=content, at=START)


def written(store: Store) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of everything that the store consists of."""
    if store.file:
        for path in sorted(store.file.parent.iterdir()):
            yield path.name, path.read_bytes()
        return
    found = MetaData()
    with store.read() as connection:
        found.reflect(connection)
        for table in found.sorted_tables:
            yield table.name, repr(connection.execute(select(table)).all()).encode()


def left(store: Store) -> set[tuple[str, str]]:
    pattern = re.compile(b"quokka-[a-z]+")
    return {(name, word.decode()) for name, content in written(store) for word in pattern.findall(content)}


@pytest.fixture
def planted(store: Store, run: Run) -> Store:
    plant(store, run)
    everything = b"".join(content for _, content in written(store))
    assert [word for word in PLANTED if word.encode() not in everything] == []
    return store


def test_nothing_of_an_erased_customer_is_left(planted: Store) -> None:
    erased = planted.erase(customer="quokka-customer", who="dpo", why="asked for it")
    assert (erased.conversations, erased.scrubbed) == (1, True)
    assert left(planted) == set()
    assert planted.find_customer("quokka-customer") == []


def test_nothing_of_an_erased_conversation_is_left(planted: Store) -> None:
    assert planted.find_customer("quokka-customer") == planted.find_conversation("quokka-id") == [("desk", "quokka-id")]
    planted.erase([("desk", "quokka-id")], who="dpo")
    assert left(planted) == set()


def test_everything_else_stays(planted: Store, run: Run) -> None:
    planted.erase(customer="quokka-customer", who="dpo")
    assert len(list(planted.audits(turns=True))) == 100
    assert all(audit.conversation.turns for audit in planted.audits(turns=True))
    assert planted.finish_run(run.id).counts == Counts(graded=101, duplicate=1)


def test_the_reports_that_show_it_are_named_until_they_are_gone(planted: Store) -> None:
    assert planted.erase(customer="quokka-customer", who="dpo").reports == ("parcels.html",)
    (stale,) = planted.reports(stale=True)
    assert (stale.path, stale.stale) == ("parcels.html", "a conversation in it was erased")
    planted.forget_report("parcels.html")
    assert [report.path for report in planted.reports()] == ["bulky.html"]


def test_a_label_keeps_its_levels_under_no_name(planted: Store) -> None:
    planted.erase(customer="quokka-customer", who="dpo")
    assert planted.labels() == []
    ((_, rows),) = [found for found in _tables(planted) if found[0] == "labels"]
    assert '"levels":{"solved":"no"}' in rows
    assert planted.samples()[0].id.startswith("erased-")


def test_an_erasure_leaves_a_trace_of_who_and_why(planted: Store) -> None:
    planted.erase(customer="quokka-customer", who="dpo", why="asked for it")
    assert [(entry.who, entry.why) for entry in planted.journal(action="erase")] == [("dpo", "asked for it")]
    (view,) = planted.journal(action="view")
    assert str(view.id).startswith("erased-")


def test_the_next_pull_does_not_bring_it_back(planted: Store) -> None:
    planted.erase(customer="quokka-customer", who="dpo")
    again = planted.start_run(rubric=made_rubric(), asked="rules")
    back = made_transcript(501, text="quokka-words", id="quokka-id", customer="quokka-customer")
    assert planted.suppressed([back, made_transcript(1)]) == {("desk", "quokka-id")}
    (saved,) = planted.save_batch(again, [made_item(back)])
    assert (saved.outcome, saved.why, saved.transcript, saved.id) == (Outcome.FILTERED, "erased earlier", None, None)
    assert left(planted) == set()
    assert planted.finish_run(again.id).counts == Counts(filtered=1)


def test_a_new_conversation_of_an_erased_customer_is_not_stored(planted: Store, run: Run) -> None:
    planted.erase(customer="quokka-customer", who="dpo")
    new = made_transcript(502, id="quokka-second", customer="quokka-customer", text="quokka-again")
    assert planted.suppressed([new]) == {("desk", "quokka-second")}
    planted.save_batch(run, [made_item(new)])
    assert left(planted) == set()


def test_an_erased_conversation_does_not_suppress_the_customers_others(planted: Store, run: Run) -> None:
    planted.erase([("desk", "quokka-id")], who="dpo")
    other = made_transcript(502, customer="quokka-customer")
    assert planted.suppressed([other, made_transcript(501, id="quokka-id", source="mail")]) == set()
    planted.save_batch(run, [made_item(other)])
    assert planted.conversation("desk", other.id) is not None


@pytest.mark.parametrize(
    "change",
    [{}, {"text": "quokka-words and more", "team": "parcels"}, {"customer": None, "url": None}],
    ids=["same", "grown", "other map"],
)
def test_the_same_conversation_does_not_come_back_from_another_source(planted: Store, run: Run, change: dict[str, Any]) -> None:
    planted.erase([("desk", "quokka-id")], who="dpo")
    copy = made_transcript(
        501, **{"text": "quokka-words", "id": "quokka-id", "source": "copy", "customer": "quokka-customer", "queue": "two", **change}
    )
    assert planted.suppressed([copy]) == {("copy", "quokka-id")}
    (saved,) = planted.save_batch(run, [made_item(copy)])
    assert (saved.outcome, saved.transcript, saved.id) == (Outcome.FILTERED, None, None)
    assert left(planted) == set()


def test_an_id_without_a_time_of_day_and_a_customer_is_nobody_elsewhere(store: Store, run: Run) -> None:
    undated: dict[str, Any] = {"customer": None, "started_at": START}
    store.save_batch(run, [made_item(made_transcript(1, **undated))])
    store.erase([("desk", "c00001")], who="dpo")
    other = made_transcript(1, source="mail", text="Something else", **undated)
    assert store.suppressed([other]) == set()


def test_a_copy_in_another_source_goes_with_it(planted: Store, run: Run) -> None:
    copy = made_transcript(501, text="quokka-words", id="quokka-id", source="copy", customer=None)
    planted.save_batch(run, [made_item(copy)])
    assert planted.erase([("desk", "quokka-id")], who="dpo").conversations == 2
    assert left(planted) == set()


def test_that_an_id_was_erased_is_remembered_without_the_id(planted: Store) -> None:
    assert not planted.erased_before("quokka-id")
    planted.erase([("desk", "quokka-id")], who="dpo")
    assert planted.erased_before("quokka-id")
    assert not planted.erased_before("c00001")


def test_after_an_erasure_nothing_that_was_read_before_is_announced_moved_or_registered(planted: Store) -> None:
    seen, page = planted.erasures(), Published(path="new.html", made_at=START)
    planted.announce_report(page, [("desk", "quokka-id")], seen=seen)
    with planted.no_erasure_since(seen):
        pass
    assert planted.erase([("desk", "quokka-id")], who="dpo").reports == ("new.html", "parcels.html")
    with pytest.raises(ErasedError):
        planted.announce_report(page, [("desk", "quokka-id")], seen=seen)
    with pytest.raises(ErasedError):
        planted.add_report(page, [("desk", "quokka-id")], seen=seen)
    with pytest.raises(ErasedError), planted.no_erasure_since(seen):
        raise AssertionError
    assert left(planted) == set()
    planted.add_report(page, [("desk", "c00001")], seen=planted.erasures())


def test_an_announced_page_shows_old_and_new_until_it_is_there(store: Store) -> None:
    page = Published(path="page.html", made_at=START, folder="/reports")
    store.add_report(page, [("desk", "a"), ("desk", "b")])
    store.announce_report(page, [("desk", "b"), ("mail", "c")], seen=0)
    assert store.shown("/reports") == {("desk", "a"), ("desk", "b"), ("mail", "c")}
    store.add_report(page, [("desk", "b"), ("mail", "c")])
    assert store.shown("/reports") == {("desk", "b"), ("mail", "c")}
    store.add_report(page, [("desk", "d")])
    assert store.shown("/reports") == {("desk", "d")}


def test_a_record_that_was_pulled_but_not_stored_can_be_found_and_erased(store: Store, run: Run) -> None:
    store.save_batch(run, [Item(source="desk", place="calls.jsonl:7", id="quokka-id", outcome=Outcome.REJECTED, why="no turns")])
    assert store.find_conversation("quokka-id") == [("desk", "quokka-id")]
    assert store.erase([("desk", "quokka-id")], who="dpo").conversations == 0
    assert left(store) == set()
    assert store.finish_run(run.id).counts == Counts(rejected=1)


def test_what_was_never_stored_can_be_suppressed(store: Store, run: Run) -> None:
    assert store.erase([("desk", "c00001")], customer="customer-7", who="dpo").conversations == 0
    pulled = [made_transcript(1), made_transcript(2, customer="customer-7"), made_transcript(3)]
    store.save_batch(run, [made_item(one) for one in pulled])
    assert [audit.conversation.id for audit in store.audits()] == ["c00003"]


def test_a_batch_saved_again_after_an_erasure_counts_once(store: Store, run: Run) -> None:
    batch = [made_item(made_transcript(number)) for number in range(3)]
    store.save_batch(run, batch)
    store.erase([("desk", "c00001")], who="dpo")
    store.save_batch(run, batch)
    assert store.finish_run(run.id).counts.pulled == 3


def test_a_reply_that_comes_after_the_erasure_is_not_stored(planted: Store) -> None:
    planted.erase(customer="quokka-customer", who="dpo")
    words = made_transcript(501, text="quokka-words")
    planted.ledger.commit([made_reply(words.text_hash, "late")])
    assert left(planted) == set()
    planted.ledger.commit([made_reply(made_transcript(600).text_hash, "other", content="kept")])
    assert [reply.content for reply in planted.ledger.replies(["k"])] == ["kept"]


def test_a_conversation_under_way_during_its_erasure_loses_its_replies_too(store: Store, run: Run) -> None:
    store.erase(customer="quokka-customer", who="dpo")
    under_way = made_transcript(1, text="quokka-words", customer="quokka-customer")
    store.ledger.commit([made_reply(under_way.text_hash, "one")])  # nobody knows yet whose text that is
    store.save_batch(run, [made_item(under_way)])
    store.scrub()
    assert left(store) == set()


def test_the_same_words_of_somebody_else_stay(store: Store, run: Run) -> None:
    words: dict[str, Any] = {"text": "hello", "started_at": None}
    one, other = made_transcript(1, **words), made_transcript(2, **words, customer="customer-2")
    store.save_batch(run, [made_item(one), made_item(other)])
    store.erase([("desk", one.id)], who="dpo")
    (audit,) = store.audits(turns=True)
    assert (audit.conversation.id, audit.conversation.turns) == (other.id, other.turns)
    assert len(store.known_grades([made_grade(other).key])) == 1


def test_copies_made_by_upgrades_go_too(file: Path) -> None:
    with Store.open(file) as store:
        plant(store, store.start_run(rubric=made_rubric(), asked="rules"))
        copy = file.with_name("clearbar.db.0001.backup")
        copy.write_bytes(file.read_bytes())
        assert backups(file) == [copy]
        store.erase(customer="quokka-customer", who="dpo")
        assert left(store) == set()
        assert backups(file) == []


def test_a_reader_that_holds_old_pages_is_told_and_the_scrub_can_be_repeated(file: Path) -> None:
    with Store.open(file) as store:
        plant(store, store.start_run(rubric=made_rubric(), asked="rules"))
        with closing(sqlite3.connect(file, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM texts").fetchone()
            assert not store.erase(customer="quokka-customer", who="dpo").scrubbed
            assert next(store.audits()).conversation.id != "quokka-id"
        assert store.scrub()
        assert left(store) == set()


def test_the_suppression_list_holds_no_name(planted: Store) -> None:
    planted.erase(customer="quokka-customer", who="dpo")
    rows = dict(_tables(planted))["suppressions"]
    assert "desk" not in rows
    assert (
        len(re.findall(r"[0-9a-f]{64}", rows)) == 8
    )  # customer, conversation, id, two texts, and what tells a copy: two texts and a start


@pytest.fixture
def dated(store: Store, run: Run) -> Store:
    store.save_batch(run, [made_item(made_transcript(number)) for number in range(3)])
    store.ledger.commit([made_reply(made_transcript(0).text_hash, "one")])
    store.add_report(Published(path="old.html", made_at=START), [])
    return store


def test_nothing_is_removed_without_a_term(dated: Store) -> None:
    assert dated.apply_retention(at=START + timedelta(days=40_000)).model_dump() == {"texts": 0, "audits": 0, "replies": 0, "reports": ()}


def test_nothing_is_removed_before_its_time(dated: Store, run: Run) -> None:
    soon = run.started_at + timedelta(days=6)
    assert dated.apply_retention(texts=7, audits=7, at=soon).model_dump(include={"texts", "audits"}) == {"texts": 0, "audits": 0}
    assert len(list(dated.audits(turns=True))) == 3


def test_texts_go_with_every_quote_but_levels_stay(dated: Store, run: Run) -> None:
    assert dated.apply_retention(texts=7, at=run.started_at + timedelta(days=8)).texts == 3
    audits = list(dated.audits(turns=True))
    assert [(audit.conversation.turns, audit.verdicts[0].evidence, audit.verdicts[0].rationale) for audit in audits] == [((), (), "")] * 3
    assert {audit.verdicts[0].level for audit in audits} == {"yes"}
    assert dated.known_grades([made_grade(made_transcript(0)).key]) == {}
    assert dated.ledger.replies(["k"]) == []
    assert not any(b"parcel 0 has" in content for _, content in written(dated))


def test_a_text_that_is_pulled_again_lives_on(dated: Store, run: Run) -> None:
    dated.apply_retention(texts=7, at=run.started_at + timedelta(days=8))
    dated.save_batch(run, [made_item(made_transcript(1))])
    (back,) = [audit for audit in dated.audits(turns=True) if audit.conversation.turns]
    assert back.verdicts == made_item(made_transcript(1)).verdicts


def test_conversations_without_text_and_audit_go(dated: Store, run: Run) -> None:
    later = run.started_at + timedelta(days=8)
    assert dated.apply_retention(audits=7, at=later).audits == 3
    assert dated.conversation("desk", "c00001") is not None
    dated.apply_retention(texts=7, audits=7, at=later)
    assert dated.conversation("desk", "c00001") is None
    assert dated.find_customer("customer-1") == []
    assert dated.finish_run(run.id).counts == Counts(graded=3)


def test_replies_and_reports_have_terms_of_their_own(dated: Store) -> None:
    removed = dated.apply_retention(replies=30, reports=30, at=START + timedelta(days=31))
    assert (removed.replies, removed.reports) == (1, ("old.html",))
    assert [report.stale for report in dated.reports()] == ["kept long enough"]


def _tables(store: Store) -> Iterator[tuple[str, str]]:
    found = MetaData()
    with store.read() as connection:
        found.reflect(connection)
        for table in found.sorted_tables:
            yield table.name, repr(connection.execute(select(table)).all())
