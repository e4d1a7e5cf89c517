"""A small rubric of two scales, articles, and conversations made to measure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clearbar.articles import Articles
from clearbar.audit import assemble
from clearbar.report import Agreement, Agreements, Period, ReportItem, TeamReport, Trust, build_report
from clearbar.rubric import Rubric
from clearbar.settings import ReportSettings
from clearbar.transcript import RedactedTranscript, Role, Turn
from clearbar.verdict import Evidence, GradedBy, Verdict

RULES, LLM = "rules:1:abc", "llm:m-1:def"
Item = Callable[..., ReportItem]
Build = Callable[..., TeamReport]


def _criterion(id: str, name: str, scale: str = "bar", **more: Any) -> dict[str, Any]:
    levels = {"bar": ("below", "clears", "vaults"), "duty": ("no", "yes")}[scale]
    return {
        "id": id,
        "name": name,
        "asks": f"Was there {name.lower()}?",
        "scale": scale,
        "section": "all",
        "weight": 10,
        "applies": {"when": "always"},
        "levels": {level: f"{name} at {level}." for level in levels},
    } | more


@pytest.fixture(scope="session")
def rubric() -> Rubric:
    """Courtesy is critical, help is not, the duty knows yes and no."""
    return Rubric.model_validate(
        {
            "name": "small",
            "version": "1",
            "title": "A small bar",
            "about": "For tests.",
            "scales": [
                {
                    "id": "bar",
                    "levels": [
                        {"id": "below", "name": "Below", "points": 0, "fails": True},
                        {"id": "clears", "name": "Clears", "points": 80},
                        {"id": "vaults", "name": "Vaults", "points": 100},
                    ],
                },
                {
                    "id": "duty",
                    "levels": [{"id": "no", "name": "No", "points": 0, "fails": True}, {"id": "yes", "name": "Yes", "points": 100}],
                },
            ],
            "sections": [{"id": "all", "name": "All"}],
            "criteria": [
                _criterion("courtesy", "Courtesy", gate="conversation"),
                _criterion(
                    "help",
                    "Help",
                    causes=["no_training"],
                    steps=["coach"],
                    examples=[{"level": "clears", "passage": "Agent: Done, it is on its way.", "why": "A result."}],
                ),
                _criterion("duty", "Duty", scale="duty"),
            ],
            "bands": [
                {"id": "low", "name": "Under the bar"},
                {"id": "ok", "name": "Over the bar", "from_score": 60},
                {"id": "top", "name": "Far over the bar", "from_score": 60, "none_failing": True, "at_top": 2},
            ],
        }
    )


@pytest.fixture(scope="session")
def articles() -> Articles:
    """One signed article and one that names nobody."""
    point = {"id": "p", "name": "P", "says": "Something."}
    return Articles.model_validate(
        {
            "articles": [
                {
                    "id": "signed",
                    "author": "Ada Weber",
                    "title": "On Bars",
                    "publisher": "P",
                    "year": 2020,
                    "argues": "x",
                    "points": [point],
                },
                {
                    "id": "bare",
                    "author": "unknown",
                    "title": "A Title That Goes On For Quite Some While",
                    "publisher": "unknown",
                    "year": "unknown",
                    "argues": "x",
                    "caveat": "It cites nothing.",
                    "points": [point],
                },
            ],
            "causes": [{"id": "no_training", "name": "Little training", "says": "Nobody taught it.", "articles": ["signed", "bare"]}],
            "steps": [{"id": "coach", "name": "Coach", "says": "Go through real talks.", "articles": ["bare"]}],
        }
    )


@pytest.fixture
def item(rubric: Rubric) -> Item:
    """Make a graded conversation; levels by criterion, `?` for ungraded and `-` for not applicable."""

    def make(
        number: int = 1,
        levels: Mapping[str, str] | None = None,
        *,
        texts: Sequence[str] = ("My parcel is lost.", "That is not my problem."),
        agents: Sequence[str | None] = ("agent-a",),
        by: Mapping[str, GradedBy] | GradedBy = GradedBy.RULES,
        rationale: str = "It was found.",
        reason: str = "abstained",
        fallback: str | None = None,
        quoted: bool = True,
        **fields: Any,
    ) -> ReportItem:
        roles = [Role.CUSTOMER if place % 2 == 0 else Role.AGENT for place in range(len(texts))]
        spoken = iter([*agents, *[agents[-1]] * len(texts)])
        turns = tuple(
            Turn(role=role, text=text, time=30.0 * place, agent=next(spoken) if role is Role.AGENT else None)
            for place, (role, text) in enumerate(zip(roles, texts, strict=True))
        )
        about = {"team": "orders", "channel": "chat", "started_at": datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=number)}
        transcript = RedactedTranscript(source="s", id=f"c-{number:03}", turns=turns, **(about | fields))
        given = {"courtesy": "clears", "help": "clears", "duty": "yes"} | dict(levels or {})
        verdicts = []
        for id, level in given.items():
            kind = by if isinstance(by, GradedBy) else by.get(id, GradedBy.RULES)
            state = {"?": "ungraded", "-": "not_applicable"}.get(level, level)
            last = len(turns) - 1
            evidence = (Evidence(turn=last, start=0, end=len(turns[last].text), quote=turns[last].text),)
            verdicts.append(
                Verdict(
                    criterion=id,
                    level=state,
                    reason=reason if state == "ungraded" else None,
                    graded_by=kind,
                    grader={GradedBy.RULES: RULES, GradedBy.LLM: LLM}.get(kind, "reviewer-1"),
                    rationale=rationale,
                    evidence=evidence if quoted and level not in {"?", "-"} else (),
                    fallback_reason=fallback,
                )
            )
        return ReportItem(transcript=transcript, audit=assemble(transcript, rubric, verdicts))

    return make


@pytest.fixture
def build(rubric: Rubric, articles: Articles) -> Build:
    """Make a report with settings as wanted."""

    def make(
        items: Sequence[ReportItem], *, team: str | None = "orders", settings: Mapping[str, Any] | None = None, **more: Any
    ) -> TeamReport:
        chosen = ReportSettings(**(settings or {}))
        return build_report(items, rubric, articles, **({"period": Period(), "team": team, "settings": chosen} | more))

    return make


@pytest.fixture
def measured() -> Agreements:
    """Rules that may be trusted on help, not on courtesy."""
    return Agreements(
        graded_by=GradedBy.RULES,
        grader=RULES,
        labelled_set="own",
        labelled_by="people",
        criteria={
            "help": Agreement(n=200, kappa=0.71, low=0.6, high=0.8, trust=Trust.GO),
            "courtesy": Agreement(n=200, kappa=-0.05, low=-0.2, high=0.1, trust=Trust.NO_GO, why="kappa is too low"),
        },
    )
