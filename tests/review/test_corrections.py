"""What people said, laid over what graders said."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.review.conftest import START, talk, verdicts

from clearbar.corrections import Corrections, overlay, same_wording
from clearbar.label import Label, LabelKind
from clearbar.rubric import Rubric
from clearbar.scoring import score
from clearbar.store import Closing, StoredAudit, StoredConversation
from clearbar.verdict import GradedBy, Usage

NOW = datetime(2026, 11, 20, tzinfo=UTC)
B, R, C, D = LabelKind.BLIND, LabelKind.REVEALED, LabelKind.CONSENSUS, LabelKind.DISPUTE


def said(kind: LabelKind, level: str | int, *, criterion: str = "courtesy", day: int = 0, **more: object) -> Label:
    fields = {"id": "c1", "source": "desk", "annotator": "rex", "at": NOW + timedelta(days=day), **more}
    return Label(levels={criterion: level}, kind=kind, **fields)


@pytest.mark.parametrize(
    ("labels", "level"),
    [
        ([], "below"),
        ([said(B, "clears")], "clears"),
        ([said(B, "clears"), said(R, "vaults", day=1)], "vaults"),
        ([said(C, "vaults"), said(B, "clears", day=1)], "vaults"),
        ([said(D, "clears"), said(C, "vaults", day=1), said(R, "below", day=2)], "vaults"),
        ([said(B, "na")], "not_applicable"),
        ([said(B, 2)], "vaults"),
        ([said(B, "sideways")], "below"),
        ([said(B, 7)], "below"),
        ([said(B, "clears", criterion="gone")], "below"),
    ],
)
def test_the_newest_word_counts_and_decisions_stand_above_single_reviewers(rubric: Rubric, labels: list[Label], level: str) -> None:
    given = verdicts(talk(1), rubric, ("courtesy",))
    final = {verdict.criterion: verdict for verdict in overlay(given, labels, rubric)}
    assert final["courtesy"].level == level
    assert (final["courtesy"].graded_by is GradedBy.HUMAN) is (level != "below")
    assert final["empathy"] == given[1]


def test_a_person_who_agrees_confirms_an_auto_fail_and_keeps_its_evidence(rubric: Rubric) -> None:
    given = verdicts(talk(1), rubric, ("courtesy",))
    final = overlay(given, [said(B, "below")], rubric)
    assert score(given, rubric).auto_fail[0].provisional
    assert not score(final, rubric).auto_fail[0].provisional
    assert final[0].evidence == given[0].evidence
    assert "rex" not in final[0].model_dump_json()


def test_passages_become_evidence_that_stands_in_the_text(rubric: Rubric) -> None:
    one = talk(1)
    label = said(B, "clears", spans={"courtesy": ((1, 0, 10), (9, 0, 3))}, notes={"courtesy": "says sorry"})
    final = overlay(verdicts(one, rubric, ("courtesy",)), [label], rubric, turns=one.turns)[0]
    assert [(one.turns[item.turn].text[item.start : item.end]) for item in final.evidence] == [final.evidence[0].quote]
    assert final.rationale == "says sorry"


def test_what_was_said_of_another_wording_does_not_count(rubric: Rubric) -> None:
    first = rubric.criteria[0].model_copy(update={"asks": "Was the agent courtly?"})
    newer = rubric.model_copy(update={"criteria": (first, *rubric.criteria[1:])})
    heavier = rubric.model_copy(update={"criteria": (rubric.criteria[0].model_copy(update={"weight": 99}), *rubric.criteria[1:])})
    assert len(same_wording(rubric, heavier)) == 15
    assert len(same_wording(rubric, newer)) == 14
    audit = stored(newer)
    label = Label(id="c1", levels={"courtesy": "vaults", "empathy": "vaults"}, rubric=rubric.full_hash, annotator="rex", at=NOW)
    known = {("desk", "c1", audit.conversation.text_hash): [label]}
    final = Corrections(known, newer, earlier={rubric.full_hash: rubric}.get).apply(audit)
    assert [verdict.level for verdict in final[:2]] == ["below", "vaults"]


@pytest.mark.parametrize(("closed_on", "level"), [(-1, "below"), (1, "clears")])
def test_what_was_said_after_a_period_was_closed_does_not_change_it(rubric: Rubric, closed_on: int, level: str) -> None:
    audit = stored(rubric)
    closing = Closing(number=1, until=START + timedelta(days=3), by="lea", at=NOW + timedelta(days=closed_on))
    known = {("desk", "c1", audit.conversation.text_hash): [said(B, "clears")]}
    corrections = Corrections(known, rubric, earlier=lambda _: None, closings=[closing])
    assert corrections.apply(audit)[0].level == level


def stored(rubric: Rubric) -> StoredAudit:
    one = talk(1)
    fields = {name: getattr(one, name) for name in ("source", "id", "turns", "text_hash", "team", "started_at")}
    given = verdicts(one, rubric, ("courtesy",))
    found = StoredConversation(**fields, main_agent="agent-ann", speakers=("agent-ann",))
    more = {"grading_hash": "g", "asked": "rules", "usage": Usage(), "run": "1", "made_at": NOW}
    return StoredAudit(conversation=found, rubric=rubric.full_hash, verdicts=given, **more)
