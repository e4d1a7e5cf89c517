"""Who may open which page, and whose conversations they see: every route, every role, own team and another one."""

import pytest
from fastapi.routing import APIRoute
from tests.review.conftest import PEOPLE, SECRET, Browser, SignIn, fill, talk

from clearbar.review.access import RIGHTS, Right, covers, may
from clearbar.review.pages import ROUTERS
from clearbar.rubric import Rubric
from clearbar.store import Person, StaffRole, Store

EVERYBODY = frozenset(PEOPLE)
REVIEW, OVERSEE = frozenset({"ada", "lea", "leo", "rex", "rita"}), frozenset({"ada", "lea", "leo"})
READ, CONTEST = OVERSEE | {"tom", "ann"}, frozenset({"tom", "ann"})
FIGURES, COACH = OVERSEE | {"tom", "vera"}, OVERSEE | {"tom"}
OPEN_TO = {
    "GET /": EVERYBODY,
    "POST /sign-out": EVERYBODY,
    "GET /notices": EVERYBODY,
    "GET /notices.json": EVERYBODY,
    "POST /notices/read": EVERYBODY,
    "GET /queue": REVIEW,
    "GET /queue.json": REVIEW,
    "POST /queue/next": REVIEW,
    "POST /queue/distribute": OVERSEE,
    "GET /reviews/{number}": REVIEW,
    "PUT /reviews/{number}/drafts/{criterion}": REVIEW,
    "POST /reviews/{number}/save": REVIEW,
    "POST /reviews/{number}/commit": REVIEW,
    "POST /reviews/{number}/settle": REVIEW,
    "POST /reviews/{number}/skip": REVIEW,
    "GET /conversations": READ,
    "GET /conversations.json": READ,
    "GET /conversation": READ,
    "GET /conversation.json": READ,
    "POST /conversation/verify": OVERSEE,
    "GET /auto-fails": OVERSEE,
    "GET /auto-fails.json": OVERSEE,
    "POST /agents/reveal": COACH,
    "GET /disputes": READ,
    "GET /disputes.json": READ,
    "GET /disputes/{number}": READ,
    "POST /disputes": CONTEST,
    "POST /disputes/{number}/decide": OVERSEE,
    "POST /periods/close": OVERSEE,
    "GET /calibrations": OVERSEE,
    "GET /calibrations.json": OVERSEE,
    "POST /calibrations": OVERSEE,
    "GET /calibrations/{number}": REVIEW,
    "GET /calibrations/{number}.json": REVIEW,
    "POST /calibrations/{number}/close": OVERSEE,
    "POST /calibrations/{number}/consensus": OVERSEE,
    "GET /figures": FIGURES,
    "GET /figures.json": FIGURES,
    "GET /quality": REVIEW,
    "GET /quality.json": REVIEW,
    "GET /coaching": COACH,
    "GET /coaching.json": COACH,
    "POST /coaching": COACH,
    "GET /people": {"ada"},
    "GET /people.json": {"ada"},
    "POST /people": {"ada"},
    "GET /trail": {"ada", "otto"},
    "GET /trail.json": {"ada", "otto"},
    "GET /erase": {"ada"},
    "POST /erase": {"ada"},
    "POST /retain": {"ada"},
    "GET /exclusions": OVERSEE,
    "GET /exclusions.json": OVERSEE,
    "POST /exclusions": OVERSEE,
    "POST /exclusions/{number}/end": OVERSEE,
    "GET /rubric": OVERSEE,
    "GET /rubric.json": OVERSEE,
    "POST /rubric/changes": OVERSEE,
    "GET /rubric/changes/{number}": OVERSEE,
    "GET /rubric/changes/{number}.json": OVERSEE,
    "GET /rubric/changes/{number}/whole": OVERSEE,
    "POST /rubric/changes/{number}/whole": OVERSEE,
    "GET /rubric/changes/{number}/preview": OVERSEE,
    "GET /rubric/changes/{number}/preview.json": OVERSEE,
    "POST /rubric/changes/{number}/criteria": OVERSEE,
    "GET /rubric/changes/{number}/criteria/{criterion}": OVERSEE,
    "POST /rubric/changes/{number}/criteria/{criterion}": OVERSEE,
    "POST /rubric/changes/{number}/criteria/{criterion}/remove": OVERSEE,
    "POST /rubric/changes/{number}/propose": OVERSEE,
    "POST /rubric/changes/{number}/approve": OVERSEE,
    "POST /rubric/changes/{number}/return": OVERSEE,
    "POST /rubric/changes/{number}/drop": OVERSEE,
    "POST /rubric/changes/{number}/carry": OVERSEE,
}
"""Who gets something else than a refusal for their role; a review, dispute or session that is not theirs is not found."""
WITHOUT_SESSION = {"GET /sign-in", "POST /sign-in", "GET /oidc/start", "GET /oidc/callback"}


def routes() -> list[str]:
    found = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    return [f"{method} {route.path}" for route in found for method in sorted(route.methods or ())]


def ask(browser: Browser, route: str) -> int:
    method, path = route.split(" ")
    address = path.replace("{number}", "77").replace("{criterion}", "courtesy")
    if method == "GET":
        return int(browser.get(address).status_code)
    return int((browser.put(address, {"version": 0}) if method == "PUT" else browser.post(address)).status_code)


def test_every_route_is_in_the_table() -> None:
    assert set(routes()) - WITHOUT_SESSION == set(OPEN_TO)


@pytest.mark.parametrize("name", PEOPLE)
def test_each_person_is_refused_exactly_what_their_role_does_not_allow(sign_in: SignIn, name: str) -> None:
    browser = sign_in(name)
    answers = {route: ask(browser, route) for route in OPEN_TO if route != "POST /sign-out"}
    assert {route for route, status in answers.items() if status != 403} == {route for route in answers if name in OPEN_TO[route]}, (
        "status 403 must mean: not for this role"
    )
    assert all(status < 500 for status in answers.values()), answers


def test_without_a_session_pages_lead_to_the_sign_in_and_nothing_is_done(sign_in: SignIn) -> None:
    browser = sign_in("ada")
    browser.client.cookies.clear()
    for route in OPEN_TO:
        method, path = route.split(" ")
        address = path.replace("{number}", "1").replace("{criterion}", "courtesy")
        answer = browser.client.request(method, address, content=b"" if method != "GET" else None)
        if method == "GET" and not path.endswith(".json"):
            assert answer.headers["location"].startswith("/sign-in?next="), route
        else:
            assert answer.status_code == 401, route


PAGES = ("/conversations.json", "/figures.json", "/coaching.json", "/auto-fails.json", "/disputes.json", "/queue.json")


@pytest.mark.parametrize("name", ["tom", "ann", "vera"])
def test_nobody_sees_another_teams_conversations(store: Store, rubric: Rubric, sign_in: SignIn, name: str) -> None:
    fill(store, rubric, [(talk(1), ("courtesy",)), (talk(2, team="secretteam", agent="agent-other"), ("courtesy",))])
    browser = sign_in(name)
    for page in PAGES:
        answer = browser.get(page)
        assert "secretteam" not in answer.text, page
        assert "c2" not in answer.text, page
        assert "agent-other" not in answer.text, page
    for address in ("/conversation?source=desk&id=c2", "/conversation.json?source=desk&id=c2"):
        answer = browser.get(address)
        assert answer.status_code == (403 if name == "vera" else 404)
        assert SECRET not in answer.text
    if name != "vera":
        assert browser.get("/conversation?source=desk&id=c1").status_code == 200
        refused = browser.post("/disputes", source="desk", id="c2", criterion="courtesy", proposed="clears", reason="no")
        assert refused.status_code == 404
        assert store.disputes() == []


def test_an_agent_sees_neither_a_colleagues_name_nor_verdicts_on_them(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    from clearbar.transcript import Role, Turn  # noqa: PLC0415

    turns = (
        Turn(role=Role.AGENT, text="Hello, how can I help?", agent="agent-other"),
        Turn(role=Role.AGENT, text="I take over from here.", agent="agent-ann"),
        Turn(role=Role.CUSTOMER, text="Fine"),
    )
    fill(store, rubric, [(talk(1, turns=turns), ())])
    page = sign_in("ann").get("/conversation?source=desk&id=c1")
    assert page.status_code == 200
    assert "agent-other" not in page.text


def test_reviewers_are_given_only_what_their_teams_own(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    fill(store, rubric, [(talk(1, team="secretteam"), ())])
    store.save_person("rex", role=StaffRole.REVIEWER, teams=("parcels",), by="tests")
    assert sign_in("rex").post("/queue/next").headers["location"] == "/queue"
    assert sign_in("rita").post("/queue/next").headers["location"] == "/reviews/1"


def test_a_right_that_is_taken_away_is_gone_with_the_next_request(store: Store, sign_in: SignIn) -> None:
    lea = sign_in("lea")
    assert lea.get("/calibrations").status_code == 200
    store.save_person("lea", role=StaffRole.VIEWER, teams=("*",), by="tests")
    assert lea.get("/calibrations").status_code == 403
    store.save_person("lea", role=StaffRole.VIEWER, teams=("*",), active=False, by="tests")
    assert lea.get("/figures").status_code == 303


def test_a_name_is_revealed_for_a_purpose_that_is_written_down(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    fill(store, rubric, [(talk(1), ())])
    store.save_agents({"agent-ann": "Ann Example"})
    tom = sign_in("tom")
    assert tom.post("/agents/reveal", agent="agent-ann", purpose="").status_code == 422
    assert tom.post("/agents/reveal", agent="agent-zoe", purpose="curious").status_code == 404
    assert "Ann Example" in tom.post("/agents/reveal", agent="agent-ann", purpose="monthly talk").text
    (entry,) = store.journal(action="reveal")
    assert (entry.who, entry.why) == ("tom", "agent agent-ann: monthly talk")


@pytest.mark.parametrize("role", StaffRole)
def test_scopes_hold_for_every_role(role: StaffRole) -> None:
    agent = "agent-1" if role is StaffRole.AGENT else None
    from datetime import UTC, datetime  # noqa: PLC0415

    one = Person(name="x", shown="X", role=role, teams=("own",), agent=agent, made_at=datetime.now(UTC))
    everything = one.model_copy(update={"teams": ("*",)})
    content = role is not StaffRole.AUDITOR
    if role is StaffRole.AGENT:
        assert covers(one, "other", ["agent-1", "agent-2"])
        assert not covers(everything, "own", ["agent-2"])
    else:
        assert covers(one, "own", []) is content
        assert not covers(one, "other", [])
        assert not covers(one, None, [])
        assert covers(everything, None, []) is content
    assert not any(may(one.model_copy(update={"active": False}), right) for right in Right)
    assert {right for right in Right if may(one, right)} == RIGHTS[role]
