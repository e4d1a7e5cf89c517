"""Edits of rubrics in the store: each step once, by whom it may be, on either engine."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest

from clearbar.store import ChangeState, RefusedError, Store

DAY = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def number(store: Store) -> int:
    return store.begin_change("bar", base_text="old", body="{}", by="lea")


def propose(store: Store, number: int, version: int = 1) -> None:
    store.propose_change(number, by="lea", version=version, body="{}", text="new", why="w", effective=DAY, tell=["lea", "leo"])


def test_an_edit_goes_from_draft_to_file_and_each_step_stands_in_the_trail(store: Store, number: int) -> None:
    assert store.save_change(number, by="lea", version=1, body='{"a": 1}') == 2
    propose(store, number, 2)
    store.approve_change(number, by="leo", version=3, answer="good")
    assert store.put_change_in_force(number, DAY) is True
    assert store.put_change_in_force(number, DAY) is False
    found = store.change(number)
    assert found is not None
    assert (found.state, found.decided_by, found.effective, found.in_force_at) == (ChangeState.IN_FORCE, "leo", DAY, DAY)
    assert (found.base_text, found.text) == ("old", "new")
    assert [entry.who for entry in store.journal(action="rubric")] == ["lea", "lea", "leo", "leo"]
    assert [one.text for one in store.notices("leo")][-1] == "Change 1 of the rubric bar waits for approval"
    assert store.changes(rubric="bar", states=[ChangeState.IN_FORCE]) == [found]
    assert store.changes(rubric="another") == []


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (lambda store, number: store.save_change(number, by="leo", version=1, body="{}"), "missing"),
        (lambda store, number: store.save_change(number, by="lea", version=0, body="{}"), "stale"),
        (lambda store, number: store.save_change(number + 98, by="lea", version=1, body="{}"), "missing"),
        (lambda store, number: store.approve_change(number, by="leo", version=1), "closed"),
        (lambda store, number: store.return_change(number, by="leo", version=1, answer=""), "closed"),
    ],
)
def test_a_step_that_is_not_due_is_refused_and_changes_nothing(
    store: Store, number: int, step: Callable[[Store, int], object], kind: str
) -> None:
    before = store.change(number)
    with pytest.raises(RefusedError) as refused:
        step(store, number)
    assert refused.value.kind == kind
    assert store.change(number) == before


def test_nobody_approves_their_own_and_what_is_not_approved_is_never_in_force(store: Store, number: int) -> None:
    propose(store, number)
    with pytest.raises(RefusedError):
        store.approve_change(number, by="lea", version=2)
    assert store.put_change_in_force(number, DAY) is False
    store.return_change(number, by="leo", version=2, answer="no")
    store.drop_change(number, by="lea", version=3)
    assert store.put_change_in_force(number, DAY) is False


def test_of_two_who_save_at_once_one_is_told(store: Store, number: int) -> None:
    ready, told = Barrier(2), list[str]()

    def save(body: str) -> None:
        ready.wait()
        try:
            store.save_change(number, by="lea", version=1, body=body)
            told.append("saved")
        except RefusedError as error:
            told.append(error.kind)

    threads = [Thread(target=save, args=(body,)) for body in ("{}", "[]")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["saved", "stale"]
