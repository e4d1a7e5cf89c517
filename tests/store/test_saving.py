"""Conversations, grades, audits and runs go in and come out as they were."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from tests.store.made import START, made_grade, made_item, made_rubric, made_transcript, made_verdict

from clearbar.errors import StoreError
from clearbar.label import Label
from clearbar.rubric import Rubric
from clearbar.store import Counts, Item, Mark, Outcome, Run, Store
from clearbar.transcript import Conversation, RedactedTranscript, Role, Turn


def rerun(store: Store, rubric: Rubric | None = None, asked: str = "rules") -> Run:
    return store.start_run(rubric=rubric or made_rubric(), asked=asked)


def test_a_conversation_comes_back_with_every_declared_field(store: Store, run: Run) -> None:
    given = made_transcript(
        url="https://desk.example/1",
        queue="late",
        topic="delivery",
        language="en-GB",
        ended_at=START + timedelta(minutes=9, microseconds=7),
        updated_at=START + timedelta(minutes=11),
        disposition="closed",
        csat=4.5,
        nps=9.0,
        handle_time=540.25,
    )
    store.save_batch(run, [made_item(given)])
    found = store.conversation("desk", given.id)
    assert found is not None
    assert {name: getattr(found, name) for name in Conversation.model_fields} == {
        name: getattr(given, name) for name in Conversation.model_fields
    }
    assert (found.text_hash, found.redactions, found.agents, found.agent) == (given.text_hash, given.redactions, given.agents, given.agent)


def test_any_unicode_comes_back_unharmed(store: Store, run: Run) -> None:
    given = made_transcript(text="Größe 👩‍👩‍👧 \u202eRTL\u202c\x00 \N{REPLACEMENT CHARACTER} '; DROP TABLE texts; --")
    store.save_batch(run, [made_item(given)])
    found = store.conversation("desk", given.id)
    assert found is not None
    assert found.turns == given.turns


def test_a_lone_surrogate_in_a_rationale_does_not_stop_the_batch(store: Store, run: Run) -> None:
    transcript = made_transcript()
    odd = made_verdict(transcript).model_copy(update={"rationale": "broken \ud83d here"})
    store.save_batch(run, [made_item(transcript).model_copy(update={"verdicts": (odd,)})])
    (audit,) = store.audits()
    assert audit.verdicts[0].rationale == "broken \N{REPLACEMENT CHARACTER} here"


def test_two_conversations_with_the_same_words_keep_their_own_agents(store: Store, run: Run) -> None:
    fields = {"text": "hello", "started_at": None}
    one, other = made_transcript(1, agent="agent-1", **fields), made_transcript(2, agent="agent-2", **fields)
    assert one.text_hash == other.text_hash
    store.save_batch(run, [made_item(one), made_item(other)])
    assert [found.turns[1].agent for found in store.conversations([("desk", one.id), ("desk", other.id)])] == ["agent-1", "agent-2"]


def test_a_grade_is_found_by_its_key_and_only_by_it(store: Store, run: Run) -> None:
    transcript = made_transcript()
    grade, vote = made_grade(transcript), made_grade(transcript, replicate="vote-1", level="no")
    store.save_batch(run, [made_item(transcript)])
    store.save_grades([vote])
    assert store.known_grades([grade.key, vote.key, "0" * 64]) == {grade.key: grade, vote.key: vote}


def test_thousands_of_grades_are_asked_for_at_once(store: Store, run: Run) -> None:
    transcripts = [made_transcript(number) for number in range(2500)]
    store.save_batch(run, [made_item(one) for one in transcripts])
    asked = [made_grade(one).key for one in transcripts] + [f"{number:064}" for number in range(40_000)]
    assert len(store.known_grades(asked)) == 2500


def test_an_audit_comes_back_with_its_verdicts_usage_and_conversation(store: Store, run: Run) -> None:
    transcript = made_transcript()
    item = made_item(transcript)
    store.save_batch(run, [item])
    (audit,) = store.audits(turns=True)
    assert (audit.verdicts, audit.usage, audit.run, audit.rubric) == (item.verdicts, item.usage, run.id, run.rubric)
    assert (audit.conversation.turns, audit.conversation.team) == (transcript.turns, "parcels")
    assert next(store.audits()).conversation.turns == ()


def test_saving_a_batch_again_counts_once(store: Store, run: Run) -> None:
    batch = [made_item(made_transcript(number)) for number in range(3)]
    store.save_batch(run, batch)
    store.save_batch(run, batch)
    assert store.finish_run(run.id).counts == Counts(graded=3)
    assert len(list(store.audits())) == 3


def test_the_counts_of_a_run_close_over_every_outcome(store: Store, run: Run) -> None:
    items = [made_item(made_transcript(0)), made_item(made_transcript(1), outcome=Outcome.REUSED)]
    items += [
        made_item(made_transcript(2), outcome=Outcome.UNGRADED),
        Item(source="desk", place="calls.jsonl:17", outcome=Outcome.REJECTED, why="no turns"),
        Item(source="desk", place="calls.jsonl:18", id="c00000", outcome=Outcome.DUPLICATE),
        Item(source="desk", place="calls.jsonl:19", id="c9", outcome=Outcome.FILTERED, why="another team"),
    ]
    store.save_batch(run, items)
    counts = store.finish_run(run.id).counts
    assert counts == Counts(graded=1, ungraded=1, reused=1, duplicate=1, filtered=1, rejected=1)
    assert counts.pulled == len(items) == len(list(store.items(run.id)))


def test_a_duplicate_leaves_the_record_that_it_repeats_alone(store: Store, run: Run) -> None:
    store.save_batch(run, [made_item(made_transcript(1, text="the first"))])
    store.save_batch(run, [made_item(made_transcript(1, text="again, otherwise"), outcome=Outcome.DUPLICATE, place="2")])
    found = store.conversation("desk", "c00001")
    assert found is not None
    assert found.turns[0].text == "the first"


def test_a_filtered_conversation_leaves_no_text(store: Store, run: Run) -> None:
    store.save_batch(run, [made_item(made_transcript(1), outcome=Outcome.FILTERED)])
    assert store.conversation("desk", "c00001") is None
    assert store.known_grades([made_grade(made_transcript(1)).key]) == {}


def test_a_changed_conversation_is_graded_anew_beside_the_old(store: Store, run: Run) -> None:
    old, new = made_transcript(1, text="It is late"), made_transcript(1, text="It is late. Thanks, it came!")
    store.save_batch(run, [made_item(old, level="no")])
    store.save_batch(rerun(store), [made_item(new, level="yes")])
    (latest,) = store.audits(turns=True)
    assert (latest.conversation.turns, latest.verdicts[0].level) == (new.turns, "yes")
    before = store.conversation("desk", "c00001", old.text_hash)
    assert before is not None
    assert before.turns == old.turns
    assert set(store.known_grades([made_grade(old).key, made_grade(new).key])) == {made_grade(old).key, made_grade(new).key}


def test_a_text_that_changes_back_counts_by_its_earlier_audit(store: Store, run: Run) -> None:
    first, second = made_transcript(1, text="one"), made_transcript(1, text="two")
    store.save_batch(run, [made_item(first, level="no")])
    store.save_batch(rerun(store), [made_item(second, level="yes")])
    back = made_item(first, outcome=Outcome.REUSED).model_copy(update={"verdicts": None, "grades": ()})
    store.save_batch(rerun(store), [back])
    (latest,) = store.audits()
    assert (latest.conversation.text_hash, latest.verdicts[0].level) == (first.text_hash, "no")


def test_an_older_export_does_not_turn_a_conversation_back(store: Store, run: Run) -> None:
    new = made_transcript(1, text="two", updated_at=START + timedelta(days=2))
    old = made_transcript(1, text="one", updated_at=START + timedelta(days=1))
    store.save_batch(run, [made_item(new)])
    store.save_batch(rerun(store), [made_item(old)])
    found = store.conversation("desk", "c00001")
    assert found is not None
    assert found.text_hash == new.text_hash


def test_asking_again_replaces_the_audit_of_the_same_grader_only(store: Store, run: Run) -> None:
    transcript = made_transcript(1)
    store.save_batch(run, [made_item(transcript, level="no")])
    store.save_batch(rerun(store), [made_item(transcript, level="yes")])
    store.save_batch(rerun(store, asked="llm"), [made_item(transcript, level="no")])
    assert [audit.verdicts[0].level for audit in store.audits(asked="rules")] == ["yes"]
    assert [audit.verdicts[0].level for audit in store.audits(asked="llm")] == ["no"]
    assert [audit.asked for audit in store.audits()] == ["llm"]


def test_a_rubric_that_only_scores_differently_reads_the_same_audits(store: Store, run: Run) -> None:
    store.save_batch(run, [made_item(made_transcript(1))])
    heavier, reworded = rerun(store, made_rubric(weight=5)), rerun(store, made_rubric(asks="Is it solved?"))
    assert heavier.rubric != run.rubric
    assert len(list(store.audits(grading=heavier.grading_hash))) == 1
    assert list(store.audits(grading=reworded.grading_hash)) == []


def test_the_rubric_of_an_old_audit_can_be_read(store: Store, run: Run) -> None:
    store.save_batch(run, [made_item(made_transcript(1))])
    assert store.rubric(next(store.audits()).rubric) == made_rubric()
    assert store.rubric("f" * 64) is None


def test_audits_come_by_source_and_id_whatever_the_order_of_saving(store: Store, run: Run) -> None:
    names = ["b", "A", "ä", "a", "Z", "_", "10", "9"]
    store.save_batch(run, [made_item(made_transcript(number, id=name)) for number, name in enumerate(names)])
    assert [audit.conversation.id for audit in store.audits()] == sorted(names)


def test_audits_are_taken_by_period_team_source_id_and_run(store: Store, run: Run) -> None:
    other = rerun(store)
    store.save_batch(run, [made_item(made_transcript(number, team="ab"[number % 2])) for number in range(10)])
    undated = made_transcript(77, started_at=None)
    store.save_batch(other, [made_item(made_transcript(0, source="mail")), made_item(undated)])

    def found(**filters: object) -> list[tuple[str, str]]:
        return [(audit.conversation.source, audit.conversation.id) for audit in store.audits(**filters)]  # type: ignore[arg-type]

    assert len(found()) == 12
    period = found(since=START + timedelta(hours=2), until=START + timedelta(hours=5))
    assert period == [("desk", "c00002"), ("desk", "c00003"), ("desk", "c00004")]
    assert len(found(teams=["a"])) == 5
    assert found(sources=["mail"]) == [("mail", "c00000")]
    assert found(ids=["c00000"]) == [("desk", "c00000"), ("mail", "c00000")]
    assert found(run=other.id) == [("desk", "c00077"), ("mail", "c00000")]
    assert ("desk", "c00077") not in found(since=START)
    assert store.teams() == ["a", "b", "parcels"]


def test_more_ids_than_a_statement_holds_can_be_asked_for(store: Store, run: Run) -> None:
    store.save_batch(run, [made_item(made_transcript(number)) for number in range(5)])
    ids = ["c00001", "c00003", *(f"other-{number}" for number in range(70_000))]
    assert [audit.conversation.id for audit in store.audits(ids=ids)] == ["c00001", "c00003"]
    store.add_labels(Label(id=f"c{number:05}", levels={}) for number in range(5))
    assert [label.id for label in store.labels(ids=ids)] == ["c00001", "c00003"]


def test_a_run_that_found_all_graded_still_reads_its_audits(store: Store, run: Run) -> None:
    item = made_item(made_transcript(1))
    store.save_batch(run, [item])
    again = rerun(store)
    store.save_batch(again, [item.model_copy(update={"outcome": Outcome.REUSED, "verdicts": None, "grades": ()})])
    assert [audit.run for audit in store.audits(run=again.id)] == [run.id]


def test_a_transfer_keeps_each_turn_with_its_agent(store: Store, run: Run) -> None:
    turns = tuple(Turn(role=Role.AGENT, text=f"{name} here", agent=name) for name in ("b", "a", "b"))
    store.save_batch(run, [made_item(RedactedTranscript(source="desk", id="t", turns=turns))])
    (audit,) = store.audits(turns=True)
    assert (audit.conversation.turns, audit.conversation.agents, audit.conversation.agent) == (turns, ("b", "a"), "b")


def test_a_run_tells_how_it_went(store: Store) -> None:
    run = store.start_run(kind="check", parameters={"since": "2026-01-01", "sources": ["desk"]})
    assert store.run(run.id) == run
    store.save_batch(run, [Item(source="desk", place="1", outcome=Outcome.REJECTED)])
    assert store.run(run.id).counts.rejected == 1
    done = store.finish_run(run.id, state="failed", why="the server is down")
    assert (done.state, done.why, done.parameters) == ("failed", "the server is down", run.parameters)
    assert [found.id for found in store.runs(kind="check")] == [run.id]
    assert store.runs(kind="audit") == []


def test_an_unknown_run_is_told_in_one_line(store: Store) -> None:
    with pytest.raises(StoreError, match="there is no run 'nightly'"):
        store.run("nightly")


def test_a_watermark_only_goes_forward(store: Store) -> None:
    assert store.watermark("desk") is None
    marks = [Mark(START, "b"), Mark(START, "a"), Mark(START + timedelta(hours=1), "a"), Mark(START, "z")]
    for mark in marks:
        store.advance("desk", mark)
    assert store.watermark("desk") == Mark(START + timedelta(hours=1), "a")
    assert store.watermark("mail") is None


def test_a_watermark_moves_with_the_batch_or_not_at_all(store: Store, run: Run) -> None:
    store.save_batch(run, [made_item(made_transcript(1))], advance_to={"desk": Mark(START, "c00001")})
    assert store.watermark("desk") == Mark(START, "c00001")
    broken = made_item(made_transcript(2)).model_copy(update={"place": None})
    with pytest.raises(StoreError):
        store.save_batch(run, [broken], advance_to={"desk": Mark(START + timedelta(days=1), "c00002")})
    assert store.watermark("desk") == Mark(START, "c00001")
    assert store.conversation("desk", "c00002") is None


def test_a_conversation_that_is_left_out_again_and_again_counts_once_by_reason(store: Store) -> None:
    reasons = ("excluded: 100 % spam", "excluded: 100 % spam", "excluded: a test", "another team")
    left_out = [
        Item(source="desk", place=f"line {number}", id=f"c{number}", outcome=Outcome.FILTERED, why=why)
        for number, why in enumerate(reasons)
    ]
    for _ in range(2):
        store.save_batch(rerun(store), left_out)
    assert store.filtered_counts("excluded: ") == {"excluded: 100 % spam": 2, "excluded: a test": 1}
    assert store.filtered_counts("%") == {}


def waiting_item(number: int, *, text: str | None = None, waiting: bool = True) -> Item:
    return made_item(made_transcript(number, text=text)).model_copy(update={"waiting": waiting})


def asks(store: Store, asked: str) -> Run:
    return store.start_run(rubric=made_rubric(), asked=asked)


def found_waiting(store: Store, run: Run, sources: Sequence[str] = ("desk",)) -> list[str]:
    return [id for _, id in store.waiting(grading=run.grading_hash or "", asked="llm", sources=sources)]


def test_what_waits_for_a_grader_that_was_away_is_found_until_it_was_asked(store: Store) -> None:
    llm, rules = asks(store, "llm"), asks(store, "rules")
    store.save_batch(llm, [waiting_item(1), waiting_item(2, waiting=False)])
    store.save_batch(rules, [waiting_item(3), waiting_item(4, waiting=False)])
    assert set(found_waiting(store, llm)) == {"c00001", "c00003"}
    assert found_waiting(store, llm, ["elsewhere"]) == []
    store.save_batch(asks(store, "llm"), [waiting_item(1, waiting=False), waiting_item(3, waiting=False)])
    assert found_waiting(store, llm) == []


def test_a_conversation_that_went_on_waits_only_with_its_current_text(store: Store) -> None:
    llm = asks(store, "llm")
    store.save_batch(llm, [waiting_item(1, text="It is late")])
    store.save_batch(asks(store, "llm"), [waiting_item(1, text="It is late. Thanks, it came!", waiting=False)])
    assert found_waiting(store, llm) == []


def test_looking_for_what_waits_does_not_read_the_audits_that_do_not(file: Path) -> None:
    with Store.open(file) as store:
        store.save_batch(asks(store, "llm"), [waiting_item(number, waiting=number == 7) for number in range(50)])
        plan = "EXPLAIN QUERY PLAN SELECT source, id FROM audits WHERE waiting = 1 AND grading_hash = 'x' ORDER BY made_at DESC"
        with store.read() as connection:
            assert "USING INDEX audits_waiting" in str(connection.exec_driver_sql(plan).all())
