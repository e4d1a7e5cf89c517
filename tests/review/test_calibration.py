"""Several people grade the same blind; agreement, the expert, the consensus."""

import json

import pytest
from tests.review.conftest import Browser, SignIn, fill, talk

from clearbar.corrections import Corrections
from clearbar.label import LabelKind
from clearbar.rubric import Rubric
from clearbar.store import State, Store

OPENING: dict[str, str | list[str]] = {
    "title": "Week 46",
    "participant": ["rex", "rita", "leo"],
    "conversation": ["desk\nc1", "desk\nc2"],
    "expert": "leo",
}


@pytest.fixture
def lea(store: Store, rubric: Rubric, sign_in: SignIn) -> Browser:
    fill(store, rubric, [(talk(1), ("courtesy",)), (talk(2), ()), (talk(3), ())])
    return sign_in("lea")


def grade_all(sign_in: SignIn, rubric: Rubric, said: dict[str, dict[str, str]]) -> None:
    for name, levels in said.items():
        browser = sign_in(name)
        for _ in range(2):
            browser.commit(browser.take(), rubric, levels=levels)


def test_a_closed_session_shows_agreement_with_group_and_expert(lea: Browser, rubric: Rubric, sign_in: SignIn) -> None:
    assert lea.post("/calibrations", **OPENING).headers["location"] == "/calibrations/1"
    grade_all(sign_in, rubric, {"rex": {"courtesy": "below"}, "rita": {}, "leo": {}})
    assert '6<span class="of"> of 6 committed' in lea.get("/calibrations/1").text
    lea.post("/calibrations/1/close")
    result = json.loads(lea.get("/calibrations/1.json").text)
    by_person = {one["reviewer"]: one for one in result["reviewers"]}
    assert by_person["rex"]["with_expert"] == pytest.approx(28 / 30)
    assert by_person["rita"]["with_expert"] == 1
    assert by_person["leo"]["with_expert"] is None
    assert by_person["rita"]["group_n"] == 28  # on courtesy the two others are split
    courtesy = next(one for one in result["criteria"] if one["criterion"] == "courtesy")
    assert courtesy["agreement"] == pytest.approx(1 / 3)
    assert courtesy["pairs"] == 6
    assert courtesy["alpha"] == pytest.approx(-0.25)  # 1 - 5 * 4 / (2 * 2 * 4), by hand
    assert next(one for one in result["criteria"] if one["criterion"] == "empathy")["alpha"] is None


def test_participants_see_results_only_when_the_session_is_closed(lea: Browser, sign_in: SignIn) -> None:
    lea.post("/calibrations", **OPENING)
    rex = sign_in("rex")
    assert "who said what" not in rex.get("/calibrations/1").text.lower()
    lea.post("/calibrations/1/close")
    assert "who said what" in rex.get("/calibrations/1").text.lower()


def test_the_consensus_is_recorded_and_enters_reports_but_single_grades_do_not(
    store: Store, lea: Browser, rubric: Rubric, sign_in: SignIn
) -> None:
    lea.post("/calibrations", **OPENING)
    grade_all(sign_in, rubric, {"rex": {"courtesy": "vaults"}, "rita": {"courtesy": "vaults"}})
    audit = next(store.audits(ids=["c1"]))
    assert Corrections.load(store, rubric).apply(audit) == audit.verdicts
    assert lea.post("/calibrations/1/consensus", place="0", **{"level.courtesy": "clears"}).status_code == 409
    lea.post("/calibrations/1/close")
    assert lea.post("/calibrations/1/consensus", place="0", **{"level.courtesy": "clears"}).status_code == 303
    (label,) = store.labels(kinds=[LabelKind.CONSENSUS])
    assert label.levels == {"courtesy": "clears"}
    source, id = str(label.source), label.id
    (counted,) = [one for one in store.audits() if (one.conversation.source, one.conversation.id) == (source, id)]
    assert Corrections.load(store, rubric).apply(counted)[0].level == "clears"


def test_a_save_into_a_session_that_was_closed_says_so_and_keeps_what_was_there(store: Store, lea: Browser, sign_in: SignIn) -> None:
    lea.post("/calibrations", **OPENING)
    rex = sign_in("rex")
    number = rex.take()
    rex.put(f"/reviews/{number}/drafts/courtesy", {"level": "below", "note": "curt", "version": 0})
    lea.post("/calibrations/1/close")
    late = rex.put(f"/reviews/{number}/drafts/courtesy", {"level": "clears", "version": 1})
    assert late.status_code == 409
    assert "closed" in late.json()["what"]
    assert store.assignment(number).state is State.CLOSED  # type: ignore[union-attr]
    page = rex.get(f"/reviews/{number}").text
    assert "session was closed before you committed" in page
    assert "curt" in page


@pytest.mark.parametrize("change", [{"participant": ["rex"]}, {"conversation": []}, {"title": ""}, {"expert": "rob"}, {"due": "someday"}])
def test_a_session_that_cannot_work_is_not_opened(store: Store, lea: Browser, change: dict[str, str | list[str]]) -> None:
    assert lea.post("/calibrations", **{**OPENING, **change}).status_code == 422
    assert store.calibrations() == []


def test_nobody_takes_part_who_has_seen_the_grades(store: Store, lea: Browser, sign_in: SignIn) -> None:
    sign_in("leo").get("/conversation?source=desk&id=c1")
    refused = lea.post("/calibrations", **OPENING)
    assert refused.status_code == 409
    assert "has seen grades" in refused.text
    assert store.assignments() == []
