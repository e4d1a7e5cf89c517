"""A team against the period before, and what of the change the grader explains."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from tests.pipeline.graded import START, contest, decide, fill, talk

from clearbar.drift import AnchorNight, GraderState
from clearbar.pipeline.anchored import Watch
from clearbar.pipeline.before import period_before
from clearbar.pipeline.reporting import ReportRequest, run_report
from clearbar.pipeline.restating import restate
from clearbar.pipeline.standing import Grading
from clearbar.project import Project
from clearbar.report import Change, PeriodBefore
from clearbar.rubric import Rubric
from clearbar.rubric_file import open_rubric
from clearbar.settings import load_settings
from clearbar.store import DisputeState, Store
from clearbar.verdict import GradedBy

MIDDLE = START + timedelta(days=60)
NOW = datetime.now(UTC)
Failing = Callable[[int], bool]


@pytest.fixture
def rubric(project: Project) -> Rubric:
    return open_rubric("service_bar", project)


@pytest.fixture
def store(project: Project) -> Iterator[Store]:
    with Store.open(project.state / "clearbar.db") as opened:
        yield opened


def graded(store: Store, rubric: Rubric, *, then: Failing, now: Failing, graders: Sequence[str] = ("rules-1", "rules-2")) -> None:
    """Store sixty conversations before the middle and sixty after it; some of either fail accuracy, and with it the bar."""
    for first, fails, grader in zip((0, 60), (then, now), graders, strict=True):
        days = range(first, first + 60)
        fill(store, rubric, [(talk(day), ("accuracy",) if fails(day) else ()) for day in days], grader=grader)


def night(store: Store, rubric: Rubric, grader: str, failing: Failing, *, days: int = 0, number: int = 40) -> None:
    """Store a night of anchors."""
    levels = {
        f"a{one}": {item.id: "below" if item.id == "accuracy" and failing(one) else "clears" for item in rubric.criteria}
        for one in range(number)
    }
    state = GraderState(grader=grader, rubric=rubric.rules_hash, version=grader)
    kept = AnchorNight(at=NOW + timedelta(days=days), state=state, levels=levels)
    store.finish_run(store.start_run(kind="anchors", rubric=rubric, asked="rules", parameters=kept.model_dump(mode="json")).id)


def before(project: Project, store: Store, **request: object) -> PeriodBefore | None:
    run_report(
        project, load_settings(project), ReportRequest.model_validate({"since": MIDDLE, "until": MIDDLE + timedelta(days=60)} | request)
    )
    return told(project, store)


def told(project: Project, store: Store) -> PeriodBefore | None:
    edition = store.edition(str(project.state / "reports"))
    assert edition is not None
    found = edition.body["before"].get("parcels")
    return PeriodBefore.model_validate(found) if found else None


def change(found: PeriodBefore | None, of: str) -> Change:
    assert found is not None
    return next(one for one in found.changes if one.of == of)


def fifth(number: int) -> bool:
    return number % 5 == 0


def half(number: int) -> bool:
    return number % 2 == 0


def test_the_same_rules_in_both_periods_leave_all_of_a_change_to_the_team(project: Project, store: Store, rubric: Rubric) -> None:
    graded(store, rubric, then=fifth, now=half, graders=("rules-1", "rules-1"))
    found = change(before(project, store), "accuracy")
    assert (found.before.count, found.after.count) == (12, 30)
    assert found.grader is not None
    assert (found.grader.value, found.grader.low, found.grader.high) == (0, 0, 0)
    assert found.rest == found.total
    assert found.rest_differs


def test_a_change_that_anchors_show_too_is_the_graders(project: Project, store: Store, rubric: Rubric) -> None:
    graded(store, rubric, then=fifth, now=half)
    night(store, rubric, "rules-1", fifth)
    night(store, rubric, "rules-2", lambda one: one % 2 == 0 or fifth(one), days=1)
    found = before(project, store)
    accuracy, clears = change(found, "accuracy"), change(found, "clears")
    assert accuracy.grader is not None
    assert accuracy.rest is not None
    assert accuracy.grader.value == pytest.approx(0.4)
    assert accuracy.grader.low > 0.15
    assert accuracy.rest.value == pytest.approx(-0.1)
    assert accuracy.anchors == 40
    assert accuracy.differs
    assert not accuracy.rest_differs
    assert clears.total.value == pytest.approx(-0.3)
    assert clears.grader is not None
    assert clears.grader.value == pytest.approx(-0.4)
    assert found is not None
    assert found.causes == ("the grader's version",)
    page = (project.state / "reports" / "parcels" / "index.html").read_text(encoding="utf-8")
    assert "Against the period before" in page
    assert "the grader alone may account for it" in page


def test_a_grader_that_was_not_watched_leaves_a_change_untold(project: Project, store: Store, rubric: Rubric) -> None:
    graded(store, rubric, then=fifth, now=half)
    night(store, rubric, "rules-1", fifth)
    found = change(before(project, store), "accuracy")
    assert found.grader is None
    assert found.rest is None
    assert not found.rest_differs
    assert "was not watched" in found.why_not


def test_few_anchors_and_uncertain_parts_say_too_few(project: Project, store: Store, rubric: Rubric) -> None:
    graded(store, rubric, then=fifth, now=half)
    for grader in ("rules-1", "rules-2"):
        night(store, rubric, grader, fifth, number=9, days=3)
    assert "only 9 fixed conversations" in change(before(project, store), "accuracy").why_not
    for grader in ("rules-1", "rules-2"):
        night(store, rubric, grader, fifth, number=12)
    found = change(before(project, store), "accuracy")
    assert found.grader is not None
    assert not found.enough


def test_a_period_without_beginning_or_predecessor_is_compared_with_none(project: Project, store: Store, rubric: Rubric) -> None:
    graded(store, rubric, then=fifth, now=half)
    assert before(project, store, since=None) is None
    assert before(project, store, since=START, until=MIDDLE) is None


def test_a_small_period_before_is_not_shown(project: Project, store: Store, rubric: Rubric) -> None:
    fill(store, rubric, [(talk(day), ()) for day in (56, *range(60, 120))])
    found = before(project, store)
    assert found is not None
    assert (found.small, found.conversations, found.changes) == (True, 1, ())
    page = (project.state / "reports" / "parcels" / "index.html").read_text(encoding="utf-8")
    assert "1 conversation of this team" in page


def test_a_restated_report_keeps_what_it_said_of_the_period_before(project: Project, store: Store, rubric: Rubric) -> None:
    graded(store, rubric, then=fifth, now=half, graders=("rules-1", "rules-1"))
    first = before(project, store)
    fill(store, rubric, [(talk(300 + day, started_at=START + timedelta(days=day)), ()) for day in range(60)], grader="rules-1")
    decide(store, contest(store, talk(62), rubric), DisputeState.ACCEPTED, "below")
    assert [one.done for one in restate(project, load_settings(project), store)] == [True]
    assert told(project, store) == first
    assert before(project, store) != first


def test_the_period_before_is_as_long_and_months_go_by_months() -> None:
    def day(month: int, day: int = 1) -> datetime:
        return datetime(2026, month, day, tzinfo=UTC)

    for since, until, last, first in (
        (day(11), datetime(2026, 12, 1, tzinfo=UTC), None, day(10)),
        (day(3), day(5), None, day(1)),
        (day(1), day(2), None, datetime(2025, 12, 1, tzinfo=UTC)),
        (day(11, 9), day(11, 16), None, day(11, 2)),
        (day(11, 9), None, day(11, 15) + timedelta(hours=7), day(11, 2)),
    ):
        found = period_before(since, until, last)
        assert found is not None
        assert (found.since, found.until) == (first, since)
    assert period_before(None, day(5), day(4)) is None
    assert period_before(day(5), None, day(4)) is None


def llm(day: int, grader: str = "llm-1") -> Grading:
    return Grading(GradedBy.LLM, grader, "p", (NOW + timedelta(days=day)).date())


def llm_nights(store: Store, rubric: Rubric, days: Sequence[int]) -> None:
    for day in days:
        levels = {f"a{one}": {item.id: "below" if (one + day) % 4 == 0 else "clears" for item in rubric.criteria} for one in range(40)}
        state = GraderState(grader="llm-1", rubric="p", model="m-1" if day < 5 else "m-2")
        kept = AnchorNight(at=NOW + timedelta(days=day), state=state, levels=levels)
        store.finish_run(store.start_run(kind="anchors", rubric=rubric, asked="llm", parameters=kept.model_dump(mode="json")).id)


def test_of_a_grader_that_wavers_a_night_of_neither_side_sorts_the_anchors(store: Store, rubric: Rubric) -> None:
    llm_nights(store, rubric, (0, 1, 2, 9))
    found = Watch(store, rubric).between("accuracy", Counter({llm(1): 50, llm(2): 50}), Counter({llm(9): 100}))
    assert found.anchored is not None
    assert found.anchored.groups.tolist() == [0 if one % 4 == 0 else 1 for one in range(40)]
    assert found.anchored.before[3].tolist() == [0.5, 0.5, 0, 0.5]
    assert found.anchored.apart == 1
    assert found.causes == ("the model",)


def test_a_night_that_must_sort_counts_on_neither_side_and_one_alone_says_nothing(store: Store, rubric: Rubric) -> None:
    llm_nights(store, rubric, (1, 2, 9))
    found = Watch(store, rubric).between("accuracy", Counter({llm(1): 50, llm(2): 50}), Counter({llm(9): 100}))
    assert found.anchored is not None
    assert found.anchored.before[2].tolist() == [1, 0, 0, 1]  # of the second night alone
    alone = Watch(store, rubric).between("accuracy", Counter({llm(1): 50}), Counter({llm(2): 50, llm(9): 50}))
    assert "only one night" in alone.why_not


@pytest.mark.parametrize(
    ("then", "now", "why"),
    [
        (Counter({llm(1): 50}), Counter({llm(30): 50}), "was not watched"),
        (Counter({llm(1): 50}), Counter({llm(9, "llm-2"): 50}), "was not watched"),
        (Counter({llm(1): 50}), Counter({Grading(GradedBy.RULES, "r", "r", NOW.date()): 50}), "different kinds"),
        (Counter({llm(1): 50}), Counter({llm(9): 50, None: 20}), "different kinds"),
        (
            Counter({Grading(GradedBy.HUMAN, "x", "", NOW.date()): 5}),
            Counter({Grading(GradedBy.HUMAN, "x", "", NOW.date()): 5}),
            "different",
        ),
        (Counter(), Counter({llm(9): 50}), "different"),
    ],
)
def test_gradings_that_no_night_speaks_for_are_told(
    store: Store, rubric: Rubric, then: Counter[Grading | None], now: Counter[Grading | None], why: str
) -> None:
    llm_nights(store, rubric, (0, 1, 9))
    assert why in Watch(store, rubric).between("accuracy", then, now).why_not


def test_gradings_of_the_same_nights_leave_nothing_to_the_grader(store: Store, rubric: Rubric) -> None:
    llm_nights(store, rubric, (0, 1, 2))
    found = Watch(store, rubric).between("clears", Counter({llm(1): 10, llm(2): 10}), Counter({llm(1): 30, llm(2): 30}))
    assert (found.anchored, found.why_not) == (None, "")


def test_what_another_rubric_graded_later_still_stands_as_earlier_words_of_this_one_graded_it(
    project: Project, store: Store, rubric: Rubric
) -> None:
    def worded(asks: str, name: str) -> Rubric:
        criteria = [item.model_dump(mode="json") for item in rubric.criteria]
        return Rubric.model_validate(
            rubric.model_dump(mode="json") | {"name": name, "criteria": [criteria[0] | {"asks": asks}, *criteria[1:]]}
        )

    earlier = worded("Was it so in earlier words?", rubric.name)
    fill(store, earlier, [(talk(day), ("accuracy",) if fifth(day) else ()) for day in range(60)])
    fill(store, worded("Is it so to others?", "another"), [(talk(day), ()) for day in range(60)])
    fill(store, rubric, [(talk(day), ()) for day in range(60, 120)])
    found = before(project, store)
    assert found is not None
    assert found.conversations == 60
    assert change(found, "accuracy").before.count == 12
