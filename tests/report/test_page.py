"""The page: what a lead sees, and that nothing in a conversation can get out of its place."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from clearbar.errors import Rejection
from clearbar.report import Agreements, Difference, Estimate, PullCounts, ReportItem, RunFacts, TeamEstimates, TeamReport, build_index
from clearbar.report.page import render_index, render_team
from clearbar.verdict import GradedBy

Item = Callable[..., ReportItem]
Build = Callable[..., TeamReport]


class _Reader(HTMLParser):
    """Gathers text, tags and whatever would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src"}:
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader


@pytest.fixture
def items(item: Item) -> list[ReportItem]:
    return [
        item(number, {"help": "below" if number < 8 else "vaults", "courtesy": "below" if number == 1 else "clears"})
        for number in range(1, 13)
    ]


def test_a_lead_sees_first_what_matters_most(items: list[ReportItem], build: Build) -> None:
    page = render_team(build(items))
    order = [f'id="{id}"' for id in ("graded-by", "weakest", "criteria", "look-at", "auto-fails", "agents", "data", "reading")]
    places = [page.index(id) for id in order]
    assert places == sorted(places)
    assert page.index("12 conversations") < page.index("Clears the bar") < places[0]


def test_grades_by_rules_are_never_told_as_facts(items: list[ReportItem], build: Build) -> None:
    text = read(render_team(build(items))).text
    assert "Graded by rules alone: fixed patterns that find words and do not understand them." in text
    assert "has not been measured" in text
    assert "They cannot tell irony from praise" in text


def test_the_measured_agreement_stands_beside_each_criterion(items: list[ReportItem], build: Build, measured: Agreements) -> None:
    text = read(render_team(build(items, measured=[measured]))).text
    assert ".71 (.60 to .80), n 200" in text
    assert "\N{MINUS SIGN}.05 (\N{MINUS SIGN}.20 to .10)" in text
    assert "the grader may be trusted on 1 of 3 criteria: Help" in text
    assert "labelled by people" in text


def test_causes_and_steps_name_their_articles(items: list[ReportItem], build: Build) -> None:
    reader = read(render_team(build(items)))
    assert "Weber 2020" in reader.text
    assert "Ada Weber: On Bars, P, 2020." in reader.text
    assert "Author unknown: A Title That Goes On For Quite Some While, year unknown." in reader.text
    assert "It cites nothing." in reader.text


def test_the_page_asks_for_nothing_and_runs_nothing(items: list[ReportItem], build: Build) -> None:
    page = render_team(build(items))
    reader = read(page)
    assert not {"script", "link", "img", "iframe", "object", "form"}.intersection(reader.tags)
    assert "url(" not in page
    assert "@import" not in page
    assert {link for link in reader.links if not link.startswith("#")} == {"orders.csv", "conversations.csv", "report.json"}


def test_every_link_within_the_page_leads_somewhere(items: list[ReportItem], build: Build) -> None:
    reader = read(render_team(build(items)))
    assert {link[1:] for link in reader.links if link.startswith("#")} <= set(reader.ids)
    assert len(set(reader.ids)) == len(reader.ids)


@pytest.mark.parametrize("small", [True, False])
def test_text_of_conversations_and_fields_stays_text(item: Item, build: Build, *, small: bool) -> None:
    evil = "<script>alert('x')</script>\"><img src=x onerror=alert(1)> {{ 7*7 }} &amp;"
    levels = {"courtesy": "below", "help": "below"}
    fields = {"topic": evil, "channel": evil, "language": evil, "id": evil, "source": "s", "queue": evil}
    made = item(1, levels, texts=(evil, evil), rationale=evil, agents=(evil,), fallback=evil, reason=evil)
    made = made.model_copy(update={"transcript": made.transcript.model_copy(update=fields)})
    report = build(
        [made] + [item(number, levels, texts=(evil, evil), agents=(evil,)) for number in range(2, 7)],
        team=evil,
        run=RunFacts(why_rules=evil, filtered={evil: 1}),
        settings={"min_group": 9 if small else 1},
    )
    for page in (render_team(report), render_index(build_index([report], None))):
        assert not {"script", "img"}.intersection(read(page).tags)
        assert "{{ 7*7 }}" in page
        assert "alert('x')" not in page


def test_right_to_left_text_is_kept_apart(item: Item, build: Build) -> None:
    text = "\u202e" + "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED}\N{HEBREW LETTER VAV}" * 3
    page = render_team(build([item(1, {"courtesy": "below"}, texts=("?", text))]))
    assert f'<bdi dir="auto"><mark>{text}</mark></bdi>' in page


def test_counts_of_the_pull_are_told_and_close(items: list[ReportItem], build: Build) -> None:
    run = RunFacts(counts=PullCounts(pulled=16, graded=12, duplicate=1, filtered=2, rejected=1), filtered={"another team": 2})
    text = read(render_team(build(items, run=run))).text
    assert "16 pulled = 12 graded + 0 ungraded + 1 duplicate + 2 filtered + 1 rejected" in text
    assert "2 records of the whole pull left out: another team." in text


def test_a_small_team_is_told_without_figures(item: Item, build: Build) -> None:
    text = read(render_team(build([item(1, {"courtesy": "below"})]))).text
    assert "Figures are not shown." in text
    assert "Every criterion" not in text
    assert "Auto-fail on Courtesy" in text


def test_too_few_conversations_are_called_too_few(item: Item, build: Build) -> None:
    text = read(render_team(build([item(number, {"help": "below", "duty": "no" if number % 2 else "yes"}) for number in range(1, 9)]))).text
    assert "too few to say" in text


@pytest.mark.parametrize("kind", list(GradedBy))
def test_the_first_warning_names_who_graded(item: Item, build: Build, kind: GradedBy) -> None:
    text = read(render_team(build([item(number, by=kind) for number in range(1, 7)]))).text
    assert {
        GradedBy.LLM: "Graded by a language model, which can",
        GradedBy.RULES: "Graded by rules alone",
        GradedBy.HUMAN: "Graded by people.",
    }[kind] in text


def test_mixed_graders_are_told_with_their_share(item: Item, build: Build) -> None:
    items = [item(number, by={"help": GradedBy.LLM, "duty": GradedBy.LLM}) for number in range(1, 7)]
    assert re.search(r"33\s% of the verdicts come from rules", read(render_team(build(items))).text)


def test_a_page_of_500_conversations_stays_small(item: Item, build: Build) -> None:
    items = [item(number, {"courtesy": "below"}, texts=("long words " * 300, "no " * 900)) for number in range(500)]
    assert len(render_team(build(items)).encode()) < 200_000


def test_the_index_does_not_rank_teams(item: Item, build: Build) -> None:
    good = build([item(number) for number in range(1, 30)], team="b")
    bad = build([item(number, {"help": "below"}) for number in range(1, 30)], team="a")
    index = build_index([good, bad], None)
    assert [report.team for report in index.teams] == ["a", "b"]
    assert "Differences were not tested: do not rank these teams." in read(render_index(index)).text
    assert "no team can be told from another" in read(render_index(build_index([good, bad], []))).text
    told = build_index([good, bad], [Difference(better="b", worse="a", of="the share that clears the bar", p=0.0003)])
    assert "b does better than a on the share that clears the bar (p below .001" in read(render_index(told)).text


def test_many_rejected_records_are_counted_and_the_first_listed(items: list[ReportItem], build: Build) -> None:
    rejections = tuple(Rejection(where=f"calls.jsonl:{line}", reason="no turns") for line in range(1, 91))
    run = RunFacts(counts=PullCounts(pulled=102, graded=12, rejected=90), rejections=rejections)
    report = build(items, run=run)
    for page in (render_team(report), render_index(build_index([report], None))):
        text = read(page).text
        assert "calls.jsonl:50: no turns" in text
        assert "calls.jsonl:51:" not in text
        assert "and 40 more" in text
    assert "90 records of the whole pull could not be used" in read(render_team(report)).text


def test_the_annotators_own_agreement_stands_beside_the_graders(items: list[ReportItem], build: Build, measured: Agreements) -> None:
    help_ = measured.criteria["help"].model_copy(update={"annotators": 0.66})
    told = build(items, measured=[measured.model_copy(update={"criteria": {"help": help_}})])
    assert "annotators .66" in read(render_team(told)).text


def test_a_corrected_figure_is_shown_beside_the_one_as_graded(items: list[ReportItem], build: Build) -> None:
    corrected = Estimate(value=0.5, low=0.4, high=0.6, n=12, corrected=True, raw=0.58, note="it assumes much")
    plain = Estimate(value=70, low=60, high=80, n=12)
    text = read(render_team(build(items, estimates=TeamEstimates(score=plain, clears=corrected, fails={"help": corrected})))).text
    assert re.search(r"The share is corrected for the grader’s measured error and it assumes much; as graded it is 58\s%.", text)
    assert "The score stands as graded, not corrected for the grader’s own errors." in text
    assert re.search(r"Corrected for the grader’s measured error; 58\s% as graded.", text)
