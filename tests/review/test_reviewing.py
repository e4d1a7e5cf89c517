"""What a reviewer puts down is kept at once, becomes a label when committed, and is never changed."""

from datetime import UTC, datetime

import pytest
from tests.review.conftest import SignIn, fill, talk

from clearbar.corrections import Corrections
from clearbar.label import LabelKind
from clearbar.rubric import Rubric
from clearbar.store import Mark, State, Store
from clearbar.transcript import Role, Turn


@pytest.fixture
def number(store: Store, rubric: Rubric, sign_in: SignIn) -> int:
    """A review of rex, of a conversation whose courtesy and empathy the machine failed."""
    fill(store, rubric, [(talk(1), ("courtesy", "empathy"))])
    return sign_in("rex").take()


def test_what_is_put_down_is_there_after_signing_out(sign_in: SignIn, number: int) -> None:
    rex = sign_in("rex")
    saved = rex.put(f"/reviews/{number}/drafts/empathy", {"level": "vaults", "note": "warm words", "spans": [[1, 0, 11]], "version": 0})
    assert saved.json()["version"] == 1
    assert '<mark data-criteria="empathy"' in saved.json()["words"]["1"]
    rex.post("/sign-out")
    page = sign_in("rex").get(f"/reviews/{number}").text
    assert "warm words" in page
    assert page.count(" checked>") == 2  # the level, and the switch for keys
    assert "[[1, 0, 11]]" in page


def test_a_save_from_an_older_window_is_refused_and_changes_nothing(sign_in: SignIn, number: int) -> None:
    rex = sign_in("rex")
    rex.put(f"/reviews/{number}/drafts/empathy", {"level": "vaults", "version": 0})
    rex.put(f"/reviews/{number}/drafts/empathy", {"level": "below", "version": 1})
    stale = rex.put(f"/reviews/{number}/drafts/empathy", {"level": "clears", "version": 1})
    assert stale.status_code == 409
    assert "another window" in stale.json()["what"]
    form = rex.post(f"/reviews/{number}/save", **{"level.empathy": "clears", "version.empathy": "1"})
    assert form.status_code == 409
    assert "Nothing that was saved is lost" in form.text


def test_without_script_the_form_saves_and_commits(store: Store, rubric: Rubric, sign_in: SignIn, number: int) -> None:
    rex = sign_in("rex")
    levels = {f"level.{item.id}": "clears" for item in rubric.criteria}
    assert rex.post(f"/reviews/{number}/save", **levels).status_code == 303
    assert rex.post(f"/reviews/{number}/commit", **levels).status_code == 303
    (label,) = store.labels()
    assert label.kind is LabelKind.BLIND
    assert set(label.levels.values()) == {"clears"}
    assert label.probability == 0.25
    assert label.annotator == "rex"


def test_a_commit_names_what_is_missing(sign_in: SignIn, number: int, store: Store) -> None:
    rex = sign_in("rex")
    rex.put(f"/reviews/{number}/drafts/empathy", {"level": "vaults", "version": 0})
    refused = rex.post(f"/reviews/{number}/commit")
    assert refused.status_code == 422
    assert "Not graded yet: Courtesy, Listening" in refused.text
    assert store.labels() == []


def test_a_difference_needs_a_note_and_what_changes_after_the_commit_is_kept_apart(
    store: Store, rubric: Rubric, sign_in: SignIn, number: int
) -> None:
    rex = sign_in("rex")
    rex.commit(number, rubric)
    assert "You differ from the grader on <b>2</b> of 15" in rex.get(f"/reviews/{number}").text
    refused = rex.post(f"/reviews/{number}/settle", **{"level.courtesy": "below"})
    assert refused.status_code == 422
    assert "Say why you differ from the grader: Empathy" in refused.text
    assert rex.post(f"/reviews/{number}/settle", **{"note.empathy": "says sorry"}).status_code == 303
    blind, revealed = store.labels()
    assert (blind.kind, blind.levels["courtesy"]) == (LabelKind.BLIND, "clears")
    assert revealed.kind is LabelKind.REVEALED
    assert revealed.levels == {"courtesy": "below", "empathy": "clears"}
    assert revealed.notes == {"empathy": "says sorry"}
    (assignment,) = store.assignments()
    assert assignment.state is State.DONE
    assert store.drafts(number) == {}


def test_a_review_without_differences_is_done_with_the_commit(store: Store, rubric: Rubric, sign_in: SignIn, number: int) -> None:
    rex = sign_in("rex")
    rex.commit(number, rubric, levels={"courtesy": "below", "empathy": "below"})
    (assignment,) = store.assignments()
    assert assignment.state is State.DONE
    assert len(store.labels()) == 1


def test_what_is_done_cannot_be_committed_or_changed_again(store: Store, rubric: Rubric, sign_in: SignIn, number: int) -> None:
    rex = sign_in("rex")
    rex.commit(number, rubric, levels={"courtesy": "below", "empathy": "below"})
    late = rex.put(f"/reviews/{number}/drafts/courtesy", {"level": "vaults", "version": 0})
    assert late.status_code == 409
    rex.post(f"/reviews/{number}/commit")
    assert len(store.labels()) == 1
    assert "Below the bar" in rex.get(f"/reviews/{number}").text  # read back from the label


def test_notes_that_are_too_long_are_refused_with_their_length(sign_in: SignIn, number: int) -> None:
    refused = sign_in("rex").put(f"/reviews/{number}/drafts/empathy", {"note": "x" * 4001, "version": 0})
    assert refused.status_code == 422
    assert "4001 characters and may have 4000" in refused.json()["what"]


def test_requests_beyond_all_measure_are_refused(sign_in: SignIn, number: int) -> None:
    refused = sign_in("rex").put(f"/reviews/{number}/drafts/empathy", {"note": "x" * 300_000, "version": 0})
    assert refused.status_code == 413
    assert "Nothing that was saved before is lost" in refused.text


@pytest.mark.parametrize("span", [[9, 0, 1], [-1, 0, 1], [0, 5, 5], [0, 0, 10_000], [0, -3, 4]])
def test_passages_outside_the_conversation_are_refused(sign_in: SignIn, number: int, span: list[int]) -> None:
    refused = sign_in("rex").put(f"/reviews/{number}/drafts/empathy", {"level": "below", "spans": [span], "version": 0})
    assert refused.status_code == 422
    assert "not in the conversation" in refused.json()["error"]


@pytest.mark.parametrize("body", ["", "[]", "{", '{"level": 3}', '{"what": "else"}'])
def test_what_no_browser_sends_is_refused(sign_in: SignIn, number: int, body: str) -> None:
    rex = sign_in("rex")
    answer = rex.client.put(f"/reviews/{number}/drafts/empathy", content=body, headers={"x-csrf": rex.csrf})
    assert answer.status_code == 422


def test_a_skipped_item_goes_to_somebody_else_and_never_back(store: Store, sign_in: SignIn, number: int) -> None:
    rex, rita = sign_in("rex"), sign_in("rita")
    assert rex.post(f"/reviews/{number}/skip", why="").status_code == 422
    assert rex.post(f"/reviews/{number}/skip", why="my neighbour").status_code == 303
    assert rex.post("/queue/next").headers["location"] == "/queue"
    assert rita.take() != number
    assert store.assignment(number).why == "my neighbour"  # type: ignore[union-attr]


def test_a_rubric_that_changes_meanwhile_does_not_change_the_review(store: Store, rubric: Rubric, sign_in: SignIn, number: int) -> None:
    newer = rubric.model_copy(update={"version": "2.0", "criteria": rubric.criteria[:3]})
    fill(store, newer, [(talk(1), ())], sample=False)
    page = sign_in("rex").get(f"/reviews/{number}").text
    assert page.count("<fieldset") == 15


def test_a_conversation_that_goes_on_meanwhile_is_told(store: Store, rubric: Rubric, sign_in: SignIn, number: int) -> None:
    longer = (*talk(1).turns, Turn(role=Role.CUSTOMER, text="It still has not come!", time=999))
    fill(store, rubric, [(talk(1, turns=longer), ())], sample=False)
    page = sign_in("rex").get(f"/reviews/{number}").text
    assert "went on after it was drawn" in page
    assert "It still has not come!" not in page


def test_an_erased_conversation_is_a_clear_page_and_its_words_are_gone(store: Store, sign_in: SignIn, number: int) -> None:
    rex = sign_in("rex")
    rex.put(f"/reviews/{number}/drafts/empathy", {"level": "below", "note": "private words", "version": 0})
    store.erase([("desk", "c1")], who="ada")
    gone = rex.get(f"/reviews/{number}")
    assert gone.status_code == 404
    assert "no longer stored" in gone.text
    assert store.drafts(number) == {}
    assert b"private words" not in store.file.read_bytes()  # type: ignore[union-attr]


def test_two_people_on_one_conversation_do_not_overwrite_each_other(store: Store, rubric: Rubric, sign_in: SignIn, number: int) -> None:
    rita = sign_in("rita")
    audit = next(store.audits(ids=["c1"]))
    from clearbar.store import Mode  # noqa: PLC0415

    other = store.assign_one("rita", ("desk", "c1", audit.conversation.text_hash, rubric.full_hash), mode=Mode.BLIND)
    sign_in("rex").put(f"/reviews/{number}/drafts/empathy", {"level": "below", "version": 0})
    rita.put(f"/reviews/{other}/drafts/empathy", {"level": "vaults", "version": 0})
    assert store.drafts(number)["empathy"].level == "below"
    assert store.drafts(other)["empathy"].level == "vaults"


def test_a_committed_review_changes_the_score_that_reports_count(store: Store, rubric: Rubric, sign_in: SignIn, number: int) -> None:
    rex = sign_in("rex")
    rex.commit(number, rubric, levels={"courtesy": "vaults"})
    corrected = Corrections.load(store, rubric).apply(next(store.audits()))
    assert {verdict.criterion: verdict.level for verdict in corrected}["courtesy"] == "vaults"
    assert {verdict.graded_by for verdict in corrected} == {"human"}


def test_the_watermark_and_runs_are_untouched_by_reviews(store: Store, rubric: Rubric, sign_in: SignIn, number: int) -> None:
    store.advance("desk", Mark(datetime(2026, 1, 1, tzinfo=UTC), "c1"))
    sign_in("rex").commit(number, rubric)
    assert store.watermark("desk") == Mark(datetime(2026, 1, 1, tzinfo=UTC), "c1")
