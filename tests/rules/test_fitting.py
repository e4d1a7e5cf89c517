from tests.rules.made import talk

from clearbar.grading.rules import Lexicon, RulesGrader, fit, refit
from clearbar.rubric import Decision, Rubric, Rules, Tally
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Grade


def test_a_named_figure_moves_to_where_it_agrees_with_the_labels(rubric: Rubric, lexicon: Lexicon) -> None:
    talks, levels = [], []
    for sorries in [1, 2, 3, 4, 5, 2, 3] * 4:
        talks.append(talk("C: My lamp broke.", *["A: We are sorry."] * sorries))
        levels.append({"apology": "below" if sorries > 2 else "clears"})
    found = {(item.criterion, item.name): item for item in fit(rubric, lexicon, talks, levels)}
    apologies = found["apology", "most_apologies"]
    assert (apologies.before, apologies.after) == (3, 2)
    assert apologies.kappa_after == 1
    assert apologies.kappa_unseen == 1
    assert apologies.n == len(talks)


def test_a_criterion_without_labels_keeps_its_figures(rubric: Rubric, lexicon: Lexicon) -> None:
    for item in fit(rubric, lexicon, [talk("C: Hi.", "A: Hello.")], [{}]):
        assert item.after == item.before
        assert item.kappa_unseen is None
        assert item.n == 0


def with_card(rubric: Rubric, of: dict[str, int]) -> Rubric:
    """Return the rubric with a closing that is decided by one scorecard."""
    closing = rubric.criterion("closing")
    rules = Rules(
        decide=(Decision(level="clears", when="ended >= 2", because="It ended well.", evidence=("last_agent_turn",)),),
        otherwise="below", because="It did not.", evidence=("last_agent_turn",),
    )  # fmt: skip
    criteria = tuple(item.model_copy(update={"rules": rules}) if item is closing else item for item in rubric.criteria)
    return rubric.model_copy(update={"criteria": criteria, "tallies": rubric.tallies | {"ended": Tally(about="Ends well.", of=of)}})


def ends() -> tuple[list[RedactedTranscript], list[dict[str, str]]]:
    """Return talks that readers found well ended if the customer thanked, whatever the agent said."""
    talks, levels = [], []
    for thanked in [True, False] * 10:
        for farewell in ("Goodbye.", "It is 12."):
            talks.append(talk("C: What is the time?", f"A: {farewell}", "C: Thank you!" if thanked else "C: Hm."))
            levels.append({"closing": "clears" if thanked else "below"})
    return talks, levels


def test_the_points_of_a_scorecard_move_to_where_they_agree_with_the_labels(rubric: Rubric, lexicon: Lexicon) -> None:
    talks, levels = ends()
    found = {
        item.name: item for item in fit(with_card(rubric, {"gratitude": 1, "farewell": 2}), lexicon, talks, levels) if item.tally == "ended"
    }
    assert found["gratitude"].after >= 2
    assert found["farewell"].after < 2
    assert {item.criterion for item in found.values()} == {"closing"}
    assert {item.kappa_after for item in found.values()} == {1}
    assert {item.kappa_unseen for item in found.values()} == {1}


def test_a_refitted_rubric_has_the_points_and_says_where_they_are_from(rubric: Rubric, lexicon: Lexicon) -> None:
    talks, levels = ends()
    carded = with_card(rubric, {"gratitude": 1, "farewell": 2})
    changed = refit(carded, fit(carded, lexicon, talks, levels), "fitted on a test")
    assert changed.tallies["ended"].chosen.startswith("fitted on a test; kappa 1.00, 1.00 on parts left out, ")
    assert changed.tallies["ended"].points["gratitude"] >= 2
    assert changed.tallies["care"] == carded.tallies["care"]
    grades = RulesGrader(changed, lexicon).grade(talks)
    said = [verdict.level for grade in grades if isinstance(grade, Grade) for verdict in grade.verdicts if verdict.criterion == "closing"]
    assert said == [told["closing"] for told in levels]


def test_what_does_not_carry_over_is_not_taken(rubric: Rubric, lexicon: Lexicon) -> None:
    carded = with_card(rubric, {"gratitude": 2, "farewell": 1})
    assert refit(carded, fit(carded, lexicon, [talk("C: Hi.", "A: Hello.")], [{"closing": "clears"}]), "fitted on one") == carded
