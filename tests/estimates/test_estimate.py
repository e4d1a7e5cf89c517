from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from clearbar.estimates import Estimate, Estimates, Indicator, Method, by_agent, estimate
from clearbar.labelled import Provenance, resolve
from clearbar.rubric import Rubric
from clearbar.verdict import Audit

MakeWorld = Callable[..., Any]
SHARES = (0.1, 0.3, 0.5)


def below(found: Estimates, unit: str, criterion: str = "care") -> Estimate:
    item = found.of(unit, criterion, Indicator.BELOW)
    assert item is not None
    return item


def test_labels_of_comparable_conversations_correct_every_team(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world(SHARES)
    found = estimate(world.audits, rubric, checked=world.checked)
    for team, share in world.truth.items():
        for criterion in ("care", "proof"):
            item = below(found, team, criterion)
            assert item.method is Method.ROGAN_GLADEN
            assert item.assumes == "assumes the grader errs on this team as on the labelled set"
            assert item.corrected is not None
            assert item.corrected.low - 0.03 <= share <= item.corrected.high + 0.03
    worst = below(found, "team0", "proof")
    assert worst.raw is not None
    assert worst.corrected is not None
    assert worst.raw.low > 0.1 >= worst.corrected.low


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (Provenance(annotators="people", conversations="invented", comparable=("*",)), "invented conversations"),
        (Provenance(), "not stated that the labelled conversations are real"),
        (Provenance(conversations="real", comparable=("team1",)), "nobody has said"),
    ],
)
def test_labels_that_do_not_speak_for_a_team_never_correct_it(make_world: MakeWorld, rubric: Rubric, made: Provenance, why: str) -> None:
    world = make_world(SHARES, made=made)
    item = below(estimate(world.audits, rubric, checked=world.checked), "team0")
    assert item.corrected is None
    assert why in item.why_not
    assert "as graded, not corrected" in item.line()


def test_only_the_teams_named_as_comparable_are_corrected_also_by_agent(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world(SHARES, made=Provenance(conversations="real", comparable=("team1",)))
    found = estimate(world.audits, rubric, checked=world.checked, unit=by_agent)
    assert below(found, "team1.agent2").corrected is not None
    assert below(found, "team0.agent2").corrected is None


def test_without_labels_the_share_is_shown_as_graded(make_world: MakeWorld, rubric: Rubric) -> None:
    item = below(estimate(make_world(SHARES).audits, rubric), "team2")
    assert item.corrected is None
    assert item.raw is not None
    assert item.why_not == "no labels to measure the grader's errors with"


def test_few_labels_on_one_side_correct_nothing(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world(SHARES, labels=18)
    item = below(estimate(world.audits, rubric, checked=world.checked), "team2")
    assert item.corrected is None
    assert "labels on its two sides" in item.why_not


def test_a_grader_that_guesses_corrects_nothing(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world(SHARES, error=0.5, labels=200)
    item = below(estimate(world.audits, rubric, checked=world.checked), "team2", "proof")
    assert item.corrected is None
    assert "hardly better than chance" in item.why_not


def test_ten_random_reviews_of_a_team_carry_its_correction(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world(SHARES)
    found = estimate(world.audits, rubric, checked=world.checked, reviews=world.reviews(rubric, 40))
    for team, share in world.truth.items():
        item = below(found, team)
        assert (item.method, item.reviewed) == (Method.POST_STRATIFIED, 40)
        assert item.corrected is not None
        assert item.corrected.low <= share <= item.corrected.high
    fewer = estimate(world.audits, rubric, checked=world.checked, reviews=world.reviews(rubric, 9))
    assert below(fewer, "team0").method is Method.ROGAN_GLADEN


def test_reviews_drawn_with_an_unknown_chance_correct_nothing_and_are_told(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world(SHARES)
    found = estimate(world.audits, rubric, reviews=world.reviews(rubric, 40, probability=None))
    assert below(found, "team0").corrected is None
    assert found.notes == ("120 reviewed conversations were not drawn with a known chance: no correction rests on that",)


def test_eight_reviewed_teams_pool_their_error_rates(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world([0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5], each=100)
    found = estimate(world.audits, rubric, reviews=world.reviews(rubric, 30), draws=1000)
    items = [below(found, team, "proof") for team in world.truth]
    assert {item.method for item in items} == {Method.HIERARCHICAL}
    held = [item.corrected.low <= world.truth[item.unit] <= item.corrected.high for item in items if item.corrected]
    assert sum(held) >= 7


def test_teams_with_fewer_than_thirty_reviews_each_rest_on_their_own(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world([0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5], each=60)
    found = estimate(world.audits, rubric, reviews=world.reviews(rubric, 29), draws=500)
    assert {below(found, team, "proof").method for team in world.truth} == {Method.POST_STRATIFIED}


def test_the_mean_score_is_corrected_by_reviews_only(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world(SHARES)
    plain = estimate(world.audits, rubric, checked=world.checked).of("team0", None, Indicator.SCORE)
    assert plain is not None
    assert plain.corrected is None
    assert "random reviews only" in plain.why_not
    reviewed = estimate(world.audits, rubric, reviews=world.reviews(rubric, 60)).of("team0", None, Indicator.SCORE)
    assert reviewed is not None
    assert reviewed.method is Method.PPI
    assert reviewed.corrected is not None
    assert reviewed.raw is not None
    assert reviewed.corrected.value > reviewed.raw.value


def test_grades_that_contradict_the_labels_are_flagged(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world((0.4,), labels=600, error=0.3)
    verdicts = [verdict.model_copy(update={"level": "yes"}) for verdict in world.audits[0].verdicts[1:]]
    audits = [audit.model_copy(update={"verdicts": (audit.verdicts[0], *verdicts)}) for audit in world.audits]
    item = below(estimate(audits, rubric, checked=world.checked), "team0", "proof")
    assert item.contradicted
    assert item.corrected is not None
    assert item.corrected.width > 0


def test_few_conversations_are_too_few_to_say(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world((0.3,), each=15)
    item = below(estimate(world.audits, rubric, checked=world.checked), "team0")
    assert item.too_few
    assert item.line().startswith("too few to say")


def test_no_interval_is_a_point(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world((0.0, 1.0), each=30, error=0.02)
    found = estimate(world.audits, rubric, checked=world.checked, reviews=world.reviews(rubric, 5))
    ranges = [item for one in found.estimates for item in (one.raw, one.corrected) if item]
    assert ranges
    assert min(item.width for item in ranges) > 0


def test_the_period_is_more_certain_than_the_process_behind_it(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world((0.3,), each=60)
    reviews = world.reviews(rubric, 40)
    process = below(estimate(world.audits, rubric, reviews=reviews), "team0", "proof")
    period = estimate(world.audits, rubric, reviews=reviews, estimand="period")
    assert period.estimand == "the conversations of this period"
    narrow = below(period, "team0", "proof").corrected
    assert narrow is not None
    assert process.corrected is not None
    assert narrow.width < process.corrected.width


def test_teams_that_differ_are_told_apart_and_teams_that_do_not_are_not(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world((0.1, 0.5, 0.5))
    found = estimate(world.audits, rubric, checked=world.checked)
    pairs = {(item.one, item.other): item for item in found.differences if item.criterion == "care"}
    assert pairs["team0", "team1"].differs
    assert pairs["team0", "team1"].high < 0
    assert not pairs["team1", "team2"].differs
    assert all(item.corrected for item in pairs.values())


def test_the_errors_common_to_all_teams_cancel_in_their_difference(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world((0.3, 0.35), each=4000, labels=120)
    found = estimate(world.audits, rubric, checked=world.checked)
    one, other = (below(found, team, "proof").corrected for team in world.truth)
    assert one is not None
    assert other is not None
    difference = next(item for item in found.differences if item.criterion == "proof")
    assert difference.high - difference.low < 0.8 * (one.width**2 + other.width**2) ** 0.5


def test_many_units_are_compared_with_all_others(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world([0.1] * 3 + [0.4], each=200)
    found = estimate(world.audits, rubric, unit=by_agent, draws=500)
    assert {item.other for item in found.differences} == {"all others"}
    assert len(found.differences) == 16 * 3


def test_ungraded_conversations_are_counted_and_leave_the_share(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world((0.3,), each=100)
    audits = [
        audit.model_copy(update={"verdicts": tuple(verdict.model_copy(update={"level": "ungraded"}) for verdict in audit.verdicts)})
        if place % 2
        else audit
        for place, audit in enumerate(world.audits)
    ]
    item = below(estimate(audits, rubric), "team0", "proof")
    assert (item.conversations, item.ungraded) == (50, 50)


def test_nothing_graded_is_said_and_nothing_at_all_is_no_crash(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world((0.3,), each=3)
    audits = [
        audit.model_copy(
            update={"score": None, "verdicts": tuple(verdict.model_copy(update={"level": "ungraded"}) for verdict in audit.verdicts)}
        )
        for audit in world.audits
    ]
    item = below(estimate(audits, rubric), "team0")
    assert (item.raw, item.corrected, item.line()) == (None, None, "nothing was graded")
    assert estimate([], rubric).estimates == ()
    nameless: list[Audit] = [audit.model_copy(update={"team": None}) for audit in world.audits]
    assert estimate(nameless, rubric).notes == ("6 verdicts belong to no named unit and no figure",)


def test_figures_of_a_team_do_not_depend_on_the_other_teams(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world(SHARES)
    alone = [audit for audit in world.audits if audit.team == "team1"]
    assert below(estimate(alone, rubric, checked=world.checked), "team1") == below(
        estimate(world.audits, rubric, checked=world.checked), "team1"
    )


def test_labels_given_in_sight_of_a_grade_do_not_correct(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world((0.3,))
    labels = [label.model_copy(update={"probability": 0.1, "kind": "revealed"}) for label in world.labels[:50]]
    assert below(estimate(world.audits, rubric, reviews=resolve(labels, rubric)), "team0").corrected is None


def of_agents(audits: list[Audit], shares: dict[str, tuple[int, int]]) -> list[Audit]:
    """Return audits of one team in which each agent has so many conversations, so many of them under the bar on `care`."""
    made = []
    for agent, (number, under) in shares.items():
        for place in range(number):
            first = audits[0]
            verdicts = tuple(
                one.model_copy(update={"level": "low" if place < under else "fair", "agent": agent}) if one.criterion == "care" else one
                for one in first.verdicts
            )
            made.append(first.model_copy(update={"transcript": f"{agent}{place}", "team": "team0", "agent": agent, "verdicts": verdicts}))
    return made


def test_a_team_whose_conversations_are_mostly_one_agents_is_told_so(make_world: MakeWorld, rubric: Rubric) -> None:
    audits = of_agents(make_world([0.3], each=4, labels=60).audits, {"a": (80, 8), "b": (20, 2)})
    found = below(estimate(audits, rubric), "team0")
    assert found.clustering is not None
    assert (found.clustering.agents, found.clustering.largest, found.clustering.design_effect) == (2, 0.8, None)
    assert "80% of these conversations are one agent's" in found.line()


def test_agents_who_differ_are_stated_and_agents_alike_are_not(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world([0.3], each=4, labels=60)
    differing = below(estimate(of_agents(world.audits, {str(place): (20, 2 * place) for place in range(8)}), rubric), "team0")
    alike = below(estimate(of_agents(world.audits, {str(place): (20, 4) for place in range(8)}), rubric), "team0")
    assert differing.clustering is not None
    assert (differing.clustering.design_effect or 0) > 1.44
    assert "agents differ" in differing.line()
    assert alike.clustering is not None
    assert (alike.clustering.design_effect, alike.clustering.line()) == (1, "")


def banded(world_audits: list[Audit], rubric: Rubric) -> tuple[list[Audit], Rubric]:
    """Return audits and their rubric with two bands."""
    two = Rubric.model_validate(
        rubric.model_dump() | {"bands": [{"id": "low", "name": "Low"}, {"id": "ok", "name": "OK", "from_score": 60}]}
    )
    return [
        audit.model_copy(update={"band": None if audit.score is None else "ok" if audit.score >= 60 else "low"}) for audit in world_audits
    ], two


def test_the_share_above_the_lowest_band_is_corrected_by_random_reviews_alone(make_world: MakeWorld, rubric: Rubric) -> None:
    world = make_world((0.3,), each=300)
    audits, two = banded(world.audits, rubric)
    reviews = world.reviews(two, 60)
    aimed = resolve([*(label.model_copy(update={"probability": None}) for label in world.labels[60:80])], two)
    both = reviews.model_copy(update={"rulings": reviews.rulings | aimed.rulings})
    alone, found = (estimate(audits, two, reviews=said, checked=world.checked).of("team0", None, Indicator.BAR) for said in (reviews, both))
    assert alone is not None
    assert found is not None
    assert found.raw is not None
    assert found.raw.value == round(sum(audit.band == "ok" for audit in audits) / sum(audit.score is not None for audit in audits), 4)
    assert found.method is Method.POST_STRATIFIED
    assert found.assumes == "rests on its own 60 random reviews"
    assert (found.reviewed, found.aimed, found.corrected) == (60, 20, alone.corrected)
    few = estimate(audits, two, reviews=world.reviews(two, 9), checked=world.checked).of("team0", None, Indicator.BAR)
    assert few is not None
    assert few.corrected is None
    assert "random reviews only, and there are 9 (at least 10)" in few.why_not


def test_scores_reviewed_in_several_draws_are_weighed_by_their_chances(make_world: MakeWorld, rubric: Rubric) -> None:
    """Conversations that scored low were drawn four times as often; without weights the mean would be far too low."""
    world = make_world((0.4,), each=600, error=0.0)
    low = [place for place, audit in enumerate(world.audits) if (audit.score or 0) < 50]
    high = [place for place, audit in enumerate(world.audits) if (audit.score or 0) >= 50]
    taken = [(place, 0.4) for place in low[: int(0.4 * len(low))]] + [(place, 0.1) for place in high[: int(0.1 * len(high))]]
    labels = [world.labels[place].model_copy(update={"probability": chance}) for place, chance in taken]
    blind = [audit.model_copy(update={"score": 70.0}) for audit in world.audits]
    found = estimate(blind, rubric, reviews=resolve(labels, rubric)).of("team0", None, Indicator.SCORE)
    assert found is not None
    assert found.corrected is not None
    truth = sum(audit.score or 0 for audit in world.audits) / len(world.audits)
    assert found.corrected.low < truth < found.corrected.high
    assert abs(found.corrected.value - truth) < 4


def test_a_corrected_mean_score_and_its_interval_stay_on_the_scale(make_world: MakeWorld, rubric: Rubric) -> None:
    """People find nothing wrong; the reviewed ones happen to be those that the grader failed, which alone would lead above 100."""
    world = make_world((0.0,), each=200, error=0.0)
    audits = [audit.model_copy(update={"score": 40.0 if place < 12 else 100.0}) for place, audit in enumerate(world.audits)]
    clean = [label.model_copy(update={"levels": {"care": "top", "proof": "yes"}}) for label in world.labels]
    found = estimate(audits, rubric, reviews=replace(world, labels=clean).reviews(rubric, 12)).of("team0", None, Indicator.SCORE)
    assert found is not None
    assert found.corrected is not None
    assert found.corrected.low <= found.corrected.value <= found.corrected.high == 100
    assert found.corrected.width > 0
