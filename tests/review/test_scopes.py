"""Every route, every role, the own team and another one: what belongs to another team is neither shown nor touched."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.review.conftest import PASSWORD, QUICK, Browser, fill, talk
from tests.review.test_access import WITHOUT_SESSION, routes

from clearbar.review.access import RIGHTS, Right
from clearbar.review.accounts import Accounts
from clearbar.rubric import Rubric
from clearbar.store import Mode, StaffRole, Store

Asked = tuple[str, dict[str, Any]]
"""Address and fields of the form."""
TEAMS: Final = {"own": ("parcels", "agent-ann"), "other": ("secretteam", "agent-other")}
FOREIGN: Final = ("talk-other", "secretteam", "agent-other", "session-other", "words of another team")
"""What must not be read by somebody of the own team alone."""


def on(address: str, **form: str) -> Callable[[dict[str, Any]], Asked]:
    """Ask for something by what was made for a team: `{id}`, `{review}`, `{dispute}`, `{session}`, `{agent}`, `{team}`."""
    return lambda made: (address.format_map(made), {name: value.format_map(made) for name, value in form.items()})


NAMED: Final = {
    "GET /reviews/{number}": on("/reviews/{review}"),
    "PUT /reviews/{number}/drafts/{criterion}": on("/reviews/{review}/drafts/courtesy"),
    "POST /reviews/{number}/save": on("/reviews/{review}/save"),
    "POST /reviews/{number}/commit": on("/reviews/{review}/commit"),
    "POST /reviews/{number}/settle": on("/reviews/{review}/settle"),
    "POST /reviews/{number}/skip": on("/reviews/{review}/skip", why="tired"),
    "GET /conversation": on("/conversation?source=desk&id={id}"),
    "GET /conversation.json": on("/conversation.json?source=desk&id={id}"),
    "POST /conversation/verify": on("/conversation/verify", source="desk", id="{id}"),
    "POST /agents/reveal": on("/agents/reveal", agent="{agent}", purpose="to know"),
    "GET /disputes/{number}": on("/disputes/{dispute}"),
    "POST /disputes": on("/disputes", source="desk", id="{id}", criterion="empathy", proposed="below", reason="no"),
    "POST /disputes/{number}/decide": on("/disputes/{dispute}/decide", state="rejected", answer="no"),
    "GET /calibrations/{number}": on("/calibrations/{session}"),
    "GET /calibrations/{number}.json": on("/calibrations/{session}.json"),
    "POST /calibrations/{number}/close": on("/calibrations/{session}/close"),
    "POST /calibrations/{number}/consensus": on("/calibrations/{session}/consensus", place="0"),
    "POST /calibrations": on("/calibrations", title="x", conversation="desk\n{id}", participant="somebody", expert=""),
    "POST /coaching": on("/coaching", team="{team}", criterion="courtesy", step="listen", on="2026-11-01"),
}
"""Routes that name a conversation, an agent, a team, or something about them."""
LISTING: Final = {
    "GET /", "GET /notices", "GET /notices.json", "GET /queue", "GET /queue.json", "GET /conversations", "GET /conversations.json",
    "GET /auto-fails", "GET /auto-fails.json", "GET /disputes", "GET /disputes.json", "GET /calibrations", "GET /calibrations.json",
    "GET /figures", "GET /figures.json", "GET /quality", "GET /quality.json", "GET /coaching", "GET /coaching.json",
    "GET /exclusions", "GET /exclusions.json",
    "GET /rubric/changes/{number}/preview", "GET /rubric/changes/{number}/preview.json",
}  # fmt: skip
"""Routes that list what there is, or count it."""
BEYOND_TEAMS: Final = {
    "POST /sign-out": "of the visitor",
    "POST /notices/read": "of the visitor",
    "POST /queue/next": "gives what the list of the queue holds",
    "POST /queue/distribute": "gives to each person what their own teams allow",
    "POST /periods/close": "a period is closed for all",
    "GET /people": "accounts, not conversations",
    "GET /people.json": "accounts, not conversations",
    "POST /people": "accounts, not conversations",
    "GET /trail": "who did what, without content",
    "GET /trail.json": "who did what, without content",
    "GET /erase": "an admin erases for all",
    "POST /erase": "an admin erases for all",
    "POST /retain": "an admin erases for all",
    "POST /exclusions": "rules hold for all",
    "POST /exclusions/{number}/end": "rules hold for all",
}
"""Routes that know no teams, and why; those of the rubric desk, but for its preview, hold a rubric and nothing of conversations."""


def test_every_route_says_how_teams_bound_it() -> None:
    desk = {route for route in routes() if "/rubric" in route} - LISTING
    told = [*NAMED, *LISTING, *BEYOND_TEAMS, *desk, *WITHOUT_SESSION]
    assert sorted(told) == sorted(routes())


@pytest.fixture
def made(store: Store, rubric: Rubric, app: FastAPI) -> dict[str, dict[str, Any]]:
    """What there is of the own team and of another one; everything of the other one was there before."""
    del app  # its people are there
    found: dict[str, dict[str, Any]] = {}
    for place, (team, agent) in enumerate(TEAMS.values()):
        name = ("own", "other")[place]
        talks = [
            talk(number, team=team, agent=agent).model_copy(update={"id": f"talk-{name}-{number}"})
            for number in range(4 * place, 4 * place + 4)
        ]
        fill(store, rubric, [(one, ("courtesy",)) for one in talks])
        values = {"source": "desk", "id": talks[0].id, "text_hash": talks[0].text_hash, "rubric": rubric.full_hash, "criterion": "courtesy"}
        values |= {
            "level": "below",
            "proposed": "clears",
            "team": team,
            "agent": agent,
            "by": "tom",
            "reason": "words of another team" if place else "r",
        }
        dispute = store.open_dispute({**values, "passage": ""}, days=10, notify=[])
        wanted = (talks[1].source, talks[1].id, talks[1].text_hash, rubric.full_hash)
        session = store.open_calibration(
            f"session-{name}", conversations=[wanted], participants=["rex", "rita"], expert=None, due=None, by="ada"
        )
        store.add_coaching(
            team=team, agent=None, criterion="courtesy", step=f"a step of {team}", agreed_on=datetime(2026, 11, 1, tzinfo=UTC), by="ada"
        )
        found[name] = {"id": talks[2].id, "team": team, "agent": agent, "dispute": dispute, "session": session, "talk": talks[3]}
    return found


def enter(app: FastAPI, store: Store, role: StaffRole, made: dict[str, dict[str, Any]], rubric: Rubric) -> Browser:
    """Sign in somebody of a role whose team is the own one, with reviews of both teams from when they had both."""
    accounts = Accounts(store, hours=1, hasher=QUICK)
    agent = "agent-ann" if role is StaffRole.AGENT else None
    accounts.add("sam", role=role, password=PASSWORD.format("sam"), teams=("parcels",), agent=agent, by="tests")
    for one in made.values():
        talked = one["talk"]
        one["review"] = store.assign_one("sam", (talked.source, talked.id, talked.text_hash, rubric.full_hash), mode=Mode.BLIND)
    client = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
    assert client.post("/sign-in", data={"name": "sam", "password": PASSWORD.format("sam"), "next": "/"}).status_code == 303
    return Browser(client, "sam")


def ask(browser: Browser, route: str, asked: Asked) -> Any:
    method, (address, form) = route.split(" ", maxsplit=1)[0], asked
    if method == "GET":
        return browser.get(address)
    return browser.put(address, {"version": 0, "level": "below"}) if method == "PUT" else browser.post(address, **form)


def read(store: Store) -> Any:
    """Everything that a refused request could have changed."""
    kept = [store.assignments(), store.disputes(), store.calibrations(), store.coaching(), store.labels()]
    return kept, [one for one in store.journal() if one.who == "sam" and one.action != "sign in"]


@pytest.mark.parametrize("role", StaffRole)
def test_what_belongs_to_another_team_is_neither_shown_nor_touched(
    role: StaffRole, app: FastAPI, store: Store, rubric: Rubric, made: dict[str, dict[str, Any]]
) -> None:
    browser = enter(app, store, role, made, rubric)
    before = read(store)
    for route, asked in NAMED.items():
        answer = ask(browser, route, asked(made["other"]))
        assert answer.status_code in {403, 404, 422}, f"{route}: {answer.status_code}"
        assert [word for word in FOREIGN if word in answer.text] == [], route
    assert read(store) == before
    if Right.RUBRIC in RIGHTS[role]:
        browser.post("/rubric/changes", name="service_bar")
    for route in sorted(LISTING):
        answer = browser.get(route.removeprefix("GET ").replace("{number}", "1"))
        assert [word for word in FOREIGN if word in answer.text] == [], route
    given = browser.post("/queue/next")
    assert given.status_code == 403 or given.headers["location"] == f"/reviews/{made['own']['review']}"


@pytest.mark.parametrize("role", StaffRole)
def test_what_belongs_to_the_own_team_is_there_for_whom_it_is(
    role: StaffRole, app: FastAPI, store: Store, rubric: Rubric, made: dict[str, dict[str, Any]]
) -> None:
    """So that the test above does not hold because nothing works at all."""
    browser = enter(app, store, role, made, rubric)
    rights = RIGHTS[role]
    for route, right in [
        ("GET /reviews/{number}", Right.REVIEW),
        ("PUT /reviews/{number}/drafts/{criterion}", Right.REVIEW),
        ("GET /conversation", Right.READ),
        ("GET /conversation.json", Right.READ),
        ("GET /disputes/{number}", Right.READ),
        ("GET /calibrations/{number}", Right.OVERSEE),
        ("POST /disputes", Right.CONTEST),
        ("POST /disputes/{number}/decide", Right.DECIDE),
        ("POST /calibrations/{number}/close", Right.OVERSEE),
        ("GET /calibrations/{number}.json", Right.OVERSEE),
        ("POST /agents/reveal", Right.REVEAL),
        ("POST /coaching", Right.COACH),
        ("POST /conversation/verify", Right.OVERSEE),
    ]:
        answer = ask(browser, route, NAMED[route](made["own"]))
        wanted = {200, 303} if right in rights else {403, 404}
        assert answer.status_code in wanted, f"{route}: {answer.status_code}"
    for route in LISTING:
        if "conversations" in route and Right.READ in rights:
            assert "talk-own" in browser.get(route.removeprefix("GET ")).text
