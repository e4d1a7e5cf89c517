"""Before a reviewer commits, nothing that the server says gives the grade, the agent or the reason for selection away."""

import re
import shutil
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from tests.review.conftest import QUICK, SECRET, Browser, SignIn, fill, talk

from clearbar.label import LabelKind
from clearbar.project import Project
from clearbar.review import create_app
from clearbar.review.pages import ROUTERS
from clearbar.rubric import Rubric
from clearbar.settings import ReviewSettings, Settings
from clearbar.store import Mode, Store

GIVEAWAYS = (SECRET, "agent-ann", "data-machine", "Grader:")


def addresses(number: int) -> list[str]:
    """All pages of the app, with the review's number and its conversation put in."""
    routes = [route for router in ROUTERS for route in router.routes]
    found = [route.path for route in routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())]
    return [path.replace("{number}", str(number)) + ("?source=desk&id=c1" if path.startswith("/conversation") else "") for path in found]


def assert_nothing_given_away(text: str, where: str) -> None:
    for word in GIVEAWAYS:
        assert word not in text, f"{where} tells {word!r}"


@pytest.mark.parametrize("name", ["rex", "lea", "ada"])
def test_no_page_gives_a_grade_away_while_it_is_reviewed_blind(store: Store, rubric: Rubric, sign_in: SignIn, name: str) -> None:
    fill(store, rubric, [(talk(1), ("courtesy", "empathy"))])
    browser = sign_in(name)
    number = browser.take()
    looked = 0
    for address in addresses(number):
        answer = browser.get(address)
        looked += answer.status_code == 200
        if address not in {"/coaching", "/trail", "/trail.json", "/people", "/people.json"}:  # list all agents, or no conversation
            assert_nothing_given_away(answer.text, address)
        assert SECRET not in answer.text
    assert looked >= (5 if name == "rex" else 12)


def ask_everything(browser: Browser, number: int) -> dict[str, str]:
    """Ask every route of the app, with the review's number and its conversation where it takes any, and return what was answered."""
    browser.post("/rubric/changes", name="service_bar")
    form = {"source": "desk", "id": "c1", "criterion": "courtesy", "proposed": "clears", "reason": "x", "agent": "agent-x", "purpose": "x"}
    form |= {
        "team": "parcels",
        "step": "x",
        "on": "2026-11-20",
        "title": "x",
        "conversation": "desk\nc1",
        "participant": "rita",
        "expert": "",
    }
    answers = {}
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            path = route.path.replace("{number}", str(number)).replace("{criterion}", "courtesy")
            for method in sorted(route.methods or ()):
                if path in {"/sign-out", "/erase", "/retain", "/queue/distribute"} or path.endswith(("/commit", "/skip", "/settle")):
                    continue  # they end what is looked at
                asked = f"{path}?source=desk&id=c1" if path.startswith("/conversation") else path
                answer = browser.get(asked) if method == "GET" else browser.post(path, **form)
                answers[f"{method} {path}"] = f"{answer.status_code} {answer.headers.get('location', '')} {answer.text}"
    return answers


@pytest.mark.parametrize("name", ["rex", "lea", "ada"])
def test_every_answer_is_the_same_whatever_the_grade_is_while_it_is_reviewed_blind(
    project: Project, peopled: Path, rubric: Rubric, tmp_path: Path, name: str
) -> None:
    worlds = []
    for place, failing in enumerate(((), ("courtesy", "empathy", "honesty"))):
        file = tmp_path / f"world-{place}.db"
        shutil.copy(peopled, file)
        with Store.open(file) as store:
            fill(store, rubric, [(talk(1), failing)])
            room = create_app(project, Settings(review=ReviewSettings(double_share=0)), store, hasher=QUICK)
            browser = SignIn(room, [])(name)
            answers = ask_everything(browser, browser.take())
        worlds.append({route: _plain(text) for route, text in answers.items()})
    assert len(worlds[0]) > 60
    assert [route for route, text in worlds[0].items() if text != worlds[1][route]] == []


def _plain(text: str) -> str:
    """An answer without what differs from one sign-in and one moment to the next."""
    text = re.sub(r"[0-9a-f]{64}", "TOKEN", text)
    return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[0-9:.]*|world-\d", "THEN", text)


def test_saving_and_refusals_give_nothing_away(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    fill(store, rubric, [(talk(1), ("courtesy",))])
    rex = sign_in("rex")
    number = rex.take()
    spans = {"level": "below", "note": "rude", "spans": [[1, 0, 4]], "version": 0}
    answers = [
        rex.put(f"/reviews/{number}/drafts/courtesy", spans),
        rex.put(f"/reviews/{number}/drafts/courtesy", spans),  # stale
        rex.put(f"/reviews/{number}/drafts/courtesy", {**spans, "level": "sideways"}),
        rex.post(f"/reviews/{number}/commit"),  # incomplete
        rex.post(f"/reviews/{number}/settle"),
        rex.get(f"/reviews/{number}"),
    ]
    assert [answer.status_code for answer in answers] == [200, 409, 422, 422, 303, 200]
    for answer in answers:
        assert_nothing_given_away(answer.text, str(answer.url))
    assert '<mark data-criteria="courtesy"' in answers[-1].text  # the reviewer's own passage


def test_after_the_commit_the_grades_are_shown(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    fill(store, rubric, [(talk(1), ("courtesy",))])
    rex = sign_in("rex")
    number = rex.take()
    rex.commit(number, rubric)
    page = rex.get(f"/reviews/{number}").text
    assert f"{SECRET} courtesy" in page
    assert "agent-ann" in page
    assert f"Why it was drawn: {SECRET} sampled" in page


def test_in_an_open_calibration_nothing_is_shown_even_after_the_commit(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    fill(store, rubric, [(talk(1), ())])
    lea, rex = sign_in("lea"), sign_in("rex")
    lea.post("/calibrations", title="Week 1", participant=["rex", "rita"], conversation=["desk\nc1"], expert="")
    number = rex.take()
    rex.commit(number, rubric, levels={"courtesy": "below"})
    assert_nothing_given_away(rex.get(f"/reviews/{number}").text, "a committed review")
    lea.post("/calibrations/1/close")
    assert SECRET in rex.get(f"/reviews/{number}").text


def test_who_has_seen_a_grade_does_not_get_the_conversation_to_review_blind(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    fill(store, rubric, [(talk(1), ())])
    lea = sign_in("lea")
    assert SECRET in lea.get("/conversation?source=desk&id=c1").text
    assert lea.post("/queue/next").headers["location"] == "/queue"


def test_verify_mode_shows_the_grades_and_never_counts_as_blind(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    fill(store, rubric, [(talk(1), ("courtesy",))])
    lea = sign_in("lea")
    address = lea.post("/conversation/verify", source="desk", id="c1").headers["location"]
    assert SECRET in lea.get(address).text
    lea.post(f"{address}/commit")
    (label,) = store.labels()
    assert label.kind is LabelKind.REVEALED
    assert label.probability is None
    (assignment,) = store.assignments()
    assert assignment.mode is Mode.VERIFY


def test_a_reviewer_never_reads_another_reviewers_page(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    fill(store, rubric, [(talk(1), ())])
    rex: Browser = sign_in("rex")
    number = rex.take()
    rita = sign_in("rita")
    assert rita.get(f"/reviews/{number}").status_code == 404
    assert rita.put(f"/reviews/{number}/drafts/courtesy", {"level": "below"}).status_code == 404
