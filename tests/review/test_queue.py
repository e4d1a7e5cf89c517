"""Who gets what: evenly, never twice, a share to two people, nothing that a rule leaves out."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.review.conftest import SignIn, fill, talk

from clearbar.review.accounts import Accounts
from clearbar.review.pages.queue import choose, wanted
from clearbar.rubric import Rubric
from clearbar.store import Mode, Person, QueueItem, StaffRole, State, Store
from clearbar.transcript import Role, Turn


def item(number: int, *, taken_by: frozenset[str] = frozenset()) -> QueueItem:
    return QueueItem(
        source="desk", id=f"c{number}", text_hash=f"h{number}", rubric="r", team="parcels", agents=(), run="1",
        taken_by=taken_by, taken=len(taken_by), done=0,
    )  # fmt: skip


def people(number: int) -> list[Person]:
    made = datetime.now(UTC)
    return [Person(name=f"p{one}", shown="", role=StaffRole.REVIEWER, teams=("*",), made_at=made) for one in range(number)]


@given(st.integers(0, 60), st.integers(1, 6), st.floats(0, 1))
def test_items_are_given_out_evenly_and_never_twice_to_one_person(items: int, reviewers: int, share: float) -> None:
    everybody = people(reviewers)
    queue = [item(number) for number in range(items)]
    given_out = list(choose(queue, everybody, Counter(), {one.name: set() for one in everybody}, share))
    assert len(given_out) == len({(person, one.id) for person, one in given_out})
    assert Counter(one.id for _, one in given_out) == {one.id: min(wanted(one, share), reviewers) for one in queue}
    loads = Counter({one.name: 0 for one in everybody}) + Counter(person for person, _ in given_out)
    every = [loads[one.name] for one in everybody]
    assert max(every) - min(every) <= 1


def test_the_share_of_items_for_two_people_is_about_what_was_asked() -> None:
    twice = sum(wanted(item(number), 0.25) == 2 for number in range(4000))
    assert 900 < twice < 1100


def test_who_has_less_open_gets_more() -> None:
    first, second = people(2)
    given_out = choose([item(number) for number in range(4)], [first, second], Counter({"p0": 3}), {"p0": set(), "p1": set()}, 0)
    assert Counter(person for person, _ in given_out) == {"p1": 3, "p0": 1}


@pytest.mark.parametrize("double_share", [0, 1])
def test_distributing_gives_all_to_reviewers_alone(store: Store, rubric: Rubric, sign_in: SignIn, double_share: int) -> None:
    fill(store, rubric, [(talk(number), ()) for number in range(6)])
    lea = sign_in("lea")
    room = sign_in.app.state.room
    object.__setattr__(room.settings.review, "double_share", double_share)
    lea.post("/queue/distribute")
    lea.post("/queue/distribute")
    assert Counter(one.reviewer for one in store.assignments()) == {"rex": 3 + 3 * double_share, "rita": 3 + 3 * double_share}
    progress = json.loads(lea.get("/queue.json").text)
    assert (progress["sampled"], progress["finished"], progress["twice"]) == (6, 0, 6 * double_share)


def test_a_reviewer_goes_through_the_queue_once(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    fill(store, rubric, [(talk(number), ()) for number in range(3)])
    rex = sign_in("rex")
    seen = set()
    for _ in range(3):
        number = rex.take()
        seen.add(number)
        rex.commit(number, rubric)
    assert len(seen) == 3
    assert rex.post("/queue/next").headers["location"] == "/queue"
    assert "Nothing waits for you" in rex.get("/queue").text
    assert sign_in("rita").post("/queue/next").headers["location"] == "/queue"


def test_going_on_comes_back_to_what_is_open(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    fill(store, rubric, [(talk(number), ()) for number in range(3)])
    rex = sign_in("rex")
    assert rex.take() == rex.take()


def test_what_a_rule_excludes_is_not_reviewed_and_is_counted(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    fill(store, rubric, [(talk(1), ()), (talk(2, team="spam"), ())])
    lea, rex = sign_in("lea"), sign_in("rex")
    assert lea.post("/exclusions", field="secret", value="x", why="y").status_code == 422
    lea.post("/exclusions", field="team", value="SPAM", why="advertising")
    assert json.loads(lea.get("/exclusions.json").text)["rules"][0]["hits"] == 1
    assert json.loads(rex.get("/queue.json").text)["waiting"] == 1
    lea.post("/exclusions/1/end")
    assert json.loads(rex.get("/queue.json").text)["waiting"] == 2


def test_rules_that_look_at_the_words_and_turns_hold_in_the_queue_as_well(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    alone = (Turn(role=Role.CUSTOMER, text="This is a TEST message."),)
    fill(store, rubric, [(talk(1), ()), (talk(2, turns=alone), ())])
    lea, rex = sign_in("lea"), sign_in("rex")
    for field, value in (("agent_turns", "0"), ("says", "a test message")):
        lea.post("/exclusions", field=field, value=value, why="no real customer")
        assert json.loads(rex.get("/queue.json").text)["waiting"] == 1
        (*_, rule) = json.loads(lea.get("/exclusions.json").text)["rules"]
        assert rule["hits"] == 1
        lea.post(f"/exclusions/{rule['rule']['number']}/end")
        assert json.loads(rex.get("/queue.json").text)["waiting"] == 2


def test_a_rule_is_tried_on_last_month_before_it_holds(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    begun = datetime.now(UTC) - timedelta(days=3)
    talks = [talk(number).model_copy(update={"started_at": begun, "topic": "Spam" if number < 2 else "parcel"}) for number in range(5)]
    fill(store, rubric, [(one, ()) for one in talks])
    lea = sign_in("lea")
    tried = lea.get("/exclusions.json?field=topic&value=spam").json()["tried"]
    assert (tried["hits"], tried["of"], tried["teams"], tried["examples"]) == (2, 5, {"parcels": 2}, ["c0", "c1"])
    assert lea.get("/exclusions.json?field=says&value=at+a+LOSS").json()["tried"]["hits"] == 5
    assert store.exclusions() == []
    assert lea.get("/exclusions.json?field=agent_turns&value=few").json()["tried"]["fault"]
    assert lea.get("/exclusions?field=nothing&value=<b>").status_code == 200


def test_the_same_assignment_is_made_once(store: Store, rubric: Rubric) -> None:
    one = talk(1)
    fill(store, rubric, [(one, ())])
    wanted_one = (one.source, one.id, one.text_hash, rubric.full_hash)
    assert store.assign_one("rex", wanted_one, mode=Mode.BLIND) == store.assign_one("rex", wanted_one, mode=Mode.VERIFY)


def held(store: Store, person: str, state: State = State.OPEN) -> list[str]:
    return sorted(one.id for one in store.assignments(reviewer=person, states=[state]))


@pytest.fixture
def taken(store: Store, rubric: Rubric) -> Store:
    """Rex has two conversations of two teams to review, began with one of a third, and has done one."""
    talks = [talk(0), talk(1, team="travel"), talk(2, team="calls"), talk(3)]
    fill(store, rubric, [(one, ()) for one in talks])
    numbers = [store.assign_one("rex", (one.source, one.id, one.text_hash, rubric.full_hash), mode=Mode.BLIND) for one in talks]
    store.finish(numbers[2], "rex", lambda *_: (None, State.COMMITTED))
    store.finish(numbers[3], "rex", lambda *_: (None, State.DONE))
    return store


def test_who_is_locked_out_gives_back_what_is_not_done_and_the_trail_says_so(taken: Store, rubric: Rubric, sign_in: SignIn) -> None:
    assert Accounts(taken, hours=1).lock("rex", by="ada") == 3
    assert (held(taken, "rex"), held(taken, "rex", State.COMMITTED), held(taken, "rex", State.DONE)) == ([], [], ["c3"])
    assert {one.id: one.taken for one in taken.queue(days=30)} == {"c0": 0, "c1": 0, "c2": 0, "c3": 1}
    trail = taken.journal(action="give back")
    assert [(one.who, one.id) for one in trail] == [("ada", "c0"), ("ada", "c1"), ("ada", "c2")]
    assert "from rex" in trail[0].why
    sign_in("lea").post("/queue/distribute")
    others = {one.id for one in taken.assignments(states=[State.OPEN])}
    assert {"c0", "c1", "c2"} <= others
    del rubric


def test_who_loses_a_team_gives_back_its_conversations_alone(taken: Store) -> None:
    accounts = Accounts(taken, hours=1)
    accounts.add("rex", role=StaffRole.REVIEWER, password=None, teams=("parcels", "calls"), by="ada")
    assert (held(taken, "rex"), held(taken, "rex", State.COMMITTED)) == (["c0"], ["c2"])
    accounts.add("rex", role=StaffRole.VIEWER, password=None, teams=("*",), by="ada")
    assert held(taken, "rex") == []


def test_whoever_is_nobody_cannot_be_locked_out(store: Store) -> None:
    assert Accounts(store, hours=1).lock("nobody", by="ada") is None
