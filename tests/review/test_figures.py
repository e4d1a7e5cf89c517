"""Dashboards: shares with intervals, nothing about small groups, agreement by hand."""

import json
from datetime import UTC, datetime

import pytest
from tests.pipeline.graded import reviewed
from tests.review.conftest import SignIn, fill, talk

from clearbar.pipeline.reporting import ReportRequest, make_reports
from clearbar.pipeline.selection import graded_items
from clearbar.project import Project
from clearbar.report.figures import raw_share
from clearbar.review.figures import grader_agreement, reviewer_agreement, share_of
from clearbar.rubric import Rubric
from clearbar.settings import ReportSettings, load_settings
from clearbar.store import Store


def test_an_interval_is_that_of_reports() -> None:
    share = share_of(3, 10, ReportSettings())
    assert share == raw_share(3, 10, precision=ReportSettings().precision)
    assert share_of(3, 4, ReportSettings()).value is None


def test_share_and_score_of_a_team_are_those_of_its_report(project: Project, store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    """Twelve of forty are reviewed at random, which corrects both; two more without a known chance, which corrects these alone."""
    talks = [talk(number) for number in range(40)]
    fill(store, rubric, [(one, ("accuracy",) if place % 4 == 0 else ()) for place, one in enumerate(talks)])
    for place, one in enumerate(talks[:14]):
        failing = ("accuracy",) if place % 3 == 0 else ()
        reviewed(store, rubric, one, *failing, probability=0.3 if place < 12 else None)
    settings = load_settings(project)
    make_reports(project, settings, store, rubric, ReportRequest(), items=graded_items(store, rubric, ReportRequest()))
    report = json.loads((project.state / "reports" / "parcels" / "report.json").read_bytes())
    (team,) = json.loads(sign_in("lea").get("/figures.json").text)["teams"]
    assert (team["score"], team["clears"]) == (report["score"], report["clears"])
    assert team["clears"]["corrected"]
    assert team["clears"]["raw"] == 0.75
    assert (report["reviewed"], report["aimed"]) == (12, 2)
    page = (project.state / "reports" / "parcels" / "index.html").read_text(encoding="utf-8")
    assert "2 more were reviewed without a known chance of being drawn, which corrects them" in page
    assert "as graded 75 %" in sign_in("lea").get("/figures").text


def test_small_groups_are_not_shown(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    talks = [(talk(number, team="large"), ("courtesy",) if number < 2 else ()) for number in range(6)]
    fill(store, rubric, [*talks, *[(talk(number, team="small"), ()) for number in range(6, 8)]])
    page = json.loads(sign_in("lea").get("/figures.json").text)
    large, small = page["teams"]
    assert large["clears"]["value"] == pytest.approx(4 / 6)
    assert large["provisional"] == 2
    assert (small["clears"]["value"], small["score"]["value"]) == (None, None)
    assert page["criteria"][0]["below"]["value"] == pytest.approx(2 / 8)


def test_conversations_of_another_wording_are_told_and_not_mixed_in(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    first = rubric.criteria[0].model_copy(update={"asks": "Was the agent courtly?"})
    fill(store, rubric.model_copy(update={"criteria": (first, *rubric.criteria[1:])}), [(talk(1), ())])
    fill(store, rubric, [(talk(2), ())])
    page = json.loads(sign_in("lea").get("/figures.json").text)
    assert (page["conversations"], page["earlier"]) == (1, 1)


def test_agreement_of_reviewers_and_graders_is_counted_from_blind_levels(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    fill(store, rubric, [(talk(1), ("courtesy",))])
    room = sign_in.app.state.room
    object.__setattr__(room.settings.review, "double_share", 1)
    rex, rita = sign_in("rex"), sign_in("rita")
    rex.commit(rex.take(), rubric)
    rita.commit(rita.take(), rubric, levels={"courtesy": "below", "empathy": "vaults", "listening": "vaults"})
    labels = store.corrections()
    machine = {key: store.audit_of(*key).verdicts for key in labels}  # type: ignore[union-attr]
    assert {one.of: one.agreement for one in reviewer_agreement(labels, rubric)} == {"rex": 12 / 15, "rita": 12 / 15}
    graders = {one.of: one for one in grader_agreement(labels, machine, rubric)}
    assert (graders["courtesy"].n, graders["courtesy"].agreement) == (2, 0.5)
    assert graders["empathy"].agreement == 0.5
    assert graders["closing"].kappa is None  # one level throughout
    mine = json.loads(rex.get("/quality.json").text)
    assert [one["of"] for one in mine["reviewers"]] == ["rex"]
    assert mine["graders"] == []


def test_a_coaching_step_shows_before_and_after(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    fill(store, rubric, [(talk(24 * number), ("courtesy",) if number < 6 else ()) for number in range(12)])
    tom = sign_in("tom")
    step = {"team": "parcels", "agent": "agent-ann", "criterion": "courtesy", "step": "Listen to two calls", "on": "2026-11-08"}
    assert tom.post("/coaching", **{**step, "team": "letters"}).status_code == 422
    assert tom.post("/coaching", **{**step, "criterion": "x"}).status_code == 422
    assert tom.post("/coaching", **step).status_code == 303
    (one,) = json.loads(tom.get("/coaching.json").text)["steps"]
    assert (one["figures"]["before"]["value"], one["figures"]["before"]["n"]) == (1, 6)
    assert (one["figures"]["after"]["value"], one["figures"]["after"]["n"]) == (0, 6)
    assert one["step"]["agreed_on"] == datetime(2026, 11, 8, tzinfo=UTC).isoformat().replace("+00:00", "Z")
