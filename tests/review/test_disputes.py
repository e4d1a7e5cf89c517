"""An agent contests, somebody else decides, and score, reports and audit trail follow."""

from datetime import UTC, datetime

import pytest
from tests.review.conftest import START, SignIn, fill, talk

from clearbar.corrections import Corrections
from clearbar.label import LabelKind
from clearbar.review.snapshot import read_audit
from clearbar.rubric import Rubric
from clearbar.store import DisputeState, Published, Store
from clearbar.verdict import GradedBy

CONTEST = {"source": "desk", "id": "c1", "criterion": "courtesy", "proposed": "clears", "reason": "I was polite"}


@pytest.fixture(autouse=True)
def contested(store: Store, rubric: Rubric) -> None:
    fill(store, rubric, [(talk(1), ("courtesy",)), (talk(2), ())])


def score(store: Store) -> float | None:
    read = read_audit(store, "desk", "c1")
    assert read is not None
    return read[1].score


def test_an_accepted_dispute_changes_score_clears_the_auto_fail_and_outdates_reports(store: Store, sign_in: SignIn) -> None:
    store.add_report(Published(path="/reports/parcels.html", team="parcels", made_at=START), [("desk", "c1")])
    before = score(store)
    ann, lea = sign_in("ann"), sign_in("lea")
    assert "found failed by a machine" in ann.get("/conversation?source=desk&id=c1").text
    address = ann.post("/disputes", **CONTEST, passage="I am  sorry.").headers["location"]
    assert "Dispute 1 waits" in lea.get("/notices").text
    assert lea.post(f"{address}/decide", state="accepted", answer="Agreed, polite throughout").status_code == 303
    outcome = ann.get(address).text
    assert "Accepted: Clears the bar" in outcome
    assert "Agreed, polite throughout" in outcome
    assert "Your dispute 1 was decided" in ann.get("/notices").text
    assert score(store) > before  # type: ignore[operator]
    assert "found failed by a machine" not in ann.get("/conversation?source=desk&id=c1").text
    assert [page.stale for page in store.reports(stale=True)] == ["dispute 1 changed a verdict in it"]
    assert [entry.action for entry in store.journal() if entry.action in {"dispute", "decide"}] == ["dispute", "decide"]
    (label,) = store.labels(kinds=[LabelKind.DISPUTE])
    assert label.annotator == "lea"


def test_a_rejected_dispute_confirms_what_the_machine_found(store: Store, sign_in: SignIn) -> None:
    store.add_report(Published(path="/reports/parcels.html", made_at=START), [("desk", "c1")])
    address = sign_in("ann").post("/disputes", **CONTEST).headers["location"]
    sign_in("lea").post(f"{address}/decide", state="rejected", answer="It reads as a rebuke")
    _, audit, _ = read_audit(store, "desk", "c1")  # type: ignore[misc]
    assert [one.provisional for one in audit.auto_fail] == [False]
    assert {verdict.criterion: verdict.graded_by for verdict in audit.verdicts}["courtesy"] is GradedBy.HUMAN
    assert store.reports(stale=True) == []


def test_a_dispute_can_be_accepted_in_part(store: Store, sign_in: SignIn) -> None:
    address = sign_in("ann").post("/disputes", **{**CONTEST, "proposed": "vaults"}).headers["location"]
    lea = sign_in("lea")
    assert lea.post(f"{address}/decide", state="partly", answer="not that much").status_code == 422
    lea.post(f"{address}/decide", state="partly", level="clears", answer="polite, no more")
    (one,) = store.disputes()
    assert (one.state, one.decided) == (DisputeState.PARTLY, "clears")


def test_who_graded_the_conversation_does_not_decide(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    lea = sign_in("lea")
    number = lea.take()
    lea.commit(number, rubric, levels={"courtesy": "below"})
    reviewed = store.assignment(number)
    contest = {**CONTEST, "id": reviewed.id}  # type: ignore[union-attr]
    address = sign_in("ann").post("/disputes", **contest).headers["location"]
    refused = lea.post(f"{address}/decide", state="rejected", answer="I know")
    assert refused.status_code == 403
    assert "You graded this conversation" in refused.text
    assert sign_in("leo").post(f"{address}/decide", state="accepted", answer="fine").status_code == 303


def test_a_dispute_is_decided_once(store: Store, sign_in: SignIn) -> None:
    address = sign_in("ann").post("/disputes", **CONTEST).headers["location"]
    sign_in("lea").post(f"{address}/decide", state="accepted", answer="fine")
    late = sign_in("leo").post(f"{address}/decide", state="rejected", answer="no")
    assert late.status_code == 409
    assert len(store.labels(kinds=[LabelKind.DISPUTE])) == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"reason": " "}, 422),
        ({"proposed": "below"}, 422),
        ({"proposed": "x"}, 422),
        ({"passage": "never said"}, 422),
        ({"criterion": "x"}, 409),
    ],
)
def test_a_dispute_needs_a_reason_another_level_and_words_that_are_there(
    store: Store, sign_in: SignIn, change: dict[str, str], status: int
) -> None:
    assert sign_in("ann").post("/disputes", **{**CONTEST, **change}).status_code == status
    assert store.disputes() == []


def test_one_verdict_is_contested_once_at_a_time(sign_in: SignIn) -> None:
    ann = sign_in("ann")
    assert ann.post("/disputes", **CONTEST).status_code == 303
    assert ann.post("/disputes", **CONTEST).status_code == 409


def test_a_closed_period_keeps_its_numbers(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    store.add_report(Published(path="/reports/parcels.html", made_at=START, until=datetime(2026, 11, 10, tzinfo=UTC)), [("desk", "c1")])
    lea, ann = sign_in("lea"), sign_in("ann")
    assert lea.post("/periods/close", until="2026-11-10").status_code == 303
    assert lea.post("/periods/close", until="2026-11-09").status_code == 409
    assert len(store.closings()) == 1
    before = score(store)
    address = ann.post("/disputes", **CONTEST).headers["location"]
    lea.post(f"{address}/decide", state="accepted", answer="fine")
    assert score(store) == before
    assert [page.stale for page in store.reports(stale=True)] == ["dispute 1 changed a verdict in it, after its period was closed"]
    assert "except in periods that were closed before" in ann.get(address).text
    assert Corrections.load(store, rubric).apply(next(store.audits(ids=["c1"])))[0].level == "below"


def test_an_erased_conversation_leaves_a_dispute_without_its_words(store: Store, sign_in: SignIn) -> None:
    ann = sign_in("ann")
    address = ann.post("/disputes", **CONTEST, passage="Let me look into it").headers["location"]
    store.erase([("desk", "c1")], who="ada")
    page = ann.get(address)
    assert page.status_code == 200
    assert "was erased" in page.text
    assert "I was polite" not in page.text
    assert b"I was polite" not in store.file.read_bytes()  # type: ignore[union-attr]


def test_a_review_outdates_the_reports_that_show_the_conversation(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    store.add_report(Published(path="/reports/parcels/index.html", folder="/reports", made_at=START), [("desk", "c1"), ("desk", "c2")])
    lea = sign_in("lea")
    lea.commit(lea.take(), rubric)
    (one,) = store.outdated().values()
    assert one["parcels"].why == "people reviewed conversations in it"


def test_the_list_counts_disputes_by_what_came_of_them(sign_in: SignIn) -> None:
    address = sign_in("ann").post("/disputes", **CONTEST).headers["location"]
    lea = sign_in("lea")
    lea.post(f"{address}/decide", state="accepted", answer="fine")
    assert "1 in all: 1 accepted, 0 accepted in part, 0 rejected, 0 open." in lea.get("/disputes").text
    assert lea.get("/disputes.json").json()["counts"] == {"open": 0, "accepted": 1, "partly": 0, "rejected": 0, "overdue": 0}


def test_an_auto_fail_waits_until_a_person_has_looked(store: Store, sign_in: SignIn) -> None:
    lea = sign_in("lea")
    assert "c1" in lea.get("/auto-fails").text
    address = lea.post("/conversation/verify", source="desk", id="c1").headers["location"]
    lea.post(f"{address}/commit")
    assert "Every auto-fail so far" in lea.get("/auto-fails").text
    _, audit, _ = read_audit(store, "desk", "c1")  # type: ignore[misc]
    assert [(one.criterion, one.provisional) for one in audit.auto_fail] == [("courtesy", False)]
