"""Everything an audit works with, opened once: project, settings, rubric, redactor, graders, store."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from clearbar.errors import GraderUnavailableError
from clearbar.grading import Grader
from clearbar.grading.cascade import CascadeGrader
from clearbar.grading.rules import Lexicon, RulesGrader, load_lexicon
from clearbar.plural import plural
from clearbar.project import Project
from clearbar.redact import Redactor
from clearbar.rubric import Rubric
from clearbar.rubric_file import open_rubric
from clearbar.settings import LlmSettings, Settings
from clearbar.store import Store

if TYPE_CHECKING:
    from clearbar.grading.llm import LlmGrader
    from clearbar.grading.llm.ledger import Ledger

__all__ = ["LLM_AWAY", "Asked", "Workspace", "open_store", "open_workspace", "store_url", "with_choices", "with_model"]

Asked = Literal["auto", "rules", "llm", "cascade"]
LLM_AWAY = "the LLM could not be used"
"""How the reason begins for which rules graded a whole run in the place of an LLM that was set up."""


@dataclass(frozen=True)
class Workspace:
    """What an audit works with; a context manager that closes it."""

    project: Project
    settings: Settings
    rubric: Rubric
    redactor: Redactor
    rules: RulesGrader
    asked: Literal["rules", "llm", "cascade"]
    """Which grader is asked first."""
    llm: "LlmGrader | None"
    cascade: CascadeGrader | None
    """Rules where they are trusted and the LLM for the rest, where that was asked for."""
    why_rules: str | None
    """Why rules grade although an LLM may be wanted; null where an LLM is asked, and where rules were."""
    store: Store | None
    """Null for `clearbar grade`, which keeps nothing."""
    lexicon: Lexicon
    handed: Mapping[str, str] = field(default_factory=dict)
    """Criteria that the rules grade in the LLM's place, by what labels show, and why."""
    opened: "list[LlmGrader]" = field(default_factory=list)
    """Further graders, closed with the rest."""

    @property
    def first(self) -> Grader:
        """The grader that is asked first."""
        return self.cascade or self.llm or self.rules

    def another(self, rubric: Rubric, replicate: str = "") -> Grader:
        """Return a grader of the same kind for another rubric, or one that is really asked again for another replicate."""
        if self.llm is None:
            return RulesGrader(rubric, self.lexicon)
        made = type(self.llm)(
            rubric,
            self.settings.llm,
            secret=self.project.secret(),
            ledger=_ledger(self.store),
            prompt_folder=self.project.path("prompts"),
            replicate=replicate,
        )
        self.opened.append(made)
        return made

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close grader and store."""
        for grader in (*self.opened, *([self.llm] if self.llm else [])):
            grader.close()
        if self.store is not None:
            self.store.close()


def open_workspace(
    project: Project,
    settings: Settings,
    *,
    rubric: str | None = None,
    grader: Asked | None = None,
    store: Store | None = None,
    mode: Literal["calls", "batch"] = "calls",
    model: str | None = None,
    notice: Callable[[str], None],
) -> Workspace:
    """Return what an audit works with.

    Parameters
    ----------
    project, settings
        Where files lie, and how to work.
    rubric
        Name or path; the setting by default.
    grader
        Who is asked first; the setting by default. `auto` asks the LLM where there is one that answers, else the rules.
    store
        Where grades are kept and found again; closed together with the workspace.
    mode
        `batch` asks the LLM by the provider's batch interface.
    model
        The LLM; the setting by default.
    notice
        Called with lines that a person should see.

    Raises
    ------
    RubricError
        If the rubric cannot be used.
    GraderUnavailableError
        If an LLM was demanded and cannot work.
    """
    try:
        bare = _bare(project, with_model(settings, model), rubric, store, mode)
        return _with_grader(bare, grader or settings.grading.grader, project.secret(), notice)
    except BaseException:
        if store is not None:
            store.close()
        raise


def with_model(settings: Settings, model: str | None) -> Settings:
    """Return the settings with another LLM, where one is named."""
    return _with_llm(settings, settings.llm.model_copy(update={"model": model})) if model else settings


def with_choices(settings: Settings, *, votes: int | None = None, calls: Literal["all", "groups", "each"] | None = None) -> Settings:
    """Return the settings with other numbers of votes or ways of asking, where they are named."""
    chosen = {name: value for name, value in (("votes", votes), ("calls", calls)) if value is not None}
    return _with_llm(settings, settings.llm.model_copy(update=chosen))


def _with_llm(settings: Settings, llm: LlmSettings) -> Settings:
    return settings.model_copy(update={"llm": llm})


def _bare(project: Project, settings: Settings, rubric: str | None, store: Store | None, mode: str) -> Workspace:
    """Return a workspace with rules alone."""
    if mode == "batch":
        settings = settings.model_copy(update={"llm": settings.llm.model_copy(update={"mode": "batch"})})
    chosen = open_rubric(rubric or settings.grading.rubric, project)
    lexicon = load_lexicon(project.path("rubrics/lexicon"))
    return Workspace(
        project=project,
        settings=settings,
        rubric=chosen,
        redactor=Redactor(settings.redaction, project.secret()),
        rules=RulesGrader(chosen, lexicon),
        lexicon=lexicon,
        asked="rules",
        llm=None,
        cascade=None,
        why_rules=None,
        store=store,
    )


def _with_grader(space: Workspace, asked: Asked, secret: bytes, notice: Callable[[str], None]) -> Workspace:
    if asked == "rules":
        return space
    from clearbar.grading.llm import find_model, why_unavailable  # noqa: PLC0415 - an LLM's libraries take a second to load

    try:
        space = replace(space, settings=_with_llm(space.settings, find_model(space.settings.llm, notice)))
    except GraderUnavailableError as error:
        return _by_rules(space, asked, error, notice)
    if why := why_unavailable(space.settings.llm):
        if asked != "auto":
            raise GraderUnavailableError(
                f"--grader {asked} needs an LLM and none is set up: {why}",
                fix="or use --grader rules; clearbar settings llm says what to set",
            )
        why = re.sub(r" \([^)]*\)", "", why)  # reports are read by people who set no variables; `clearbar doctor` names them
        return replace(space, why_rules=f"no LLM is set up: {why}")
    try:
        llm = _probed(space, secret)
    except GraderUnavailableError as error:
        return _by_rules(space, asked, error, notice)
    for line in llm.notes:
        notice(line)
    ready = replace(space, llm=llm, asked="llm")
    return _with_cascade(ready, llm, notice) if asked == "cascade" else ready


def _probed(space: Workspace, secret: bytes) -> "LlmGrader":
    """Return the LLM's grader, which has answered."""
    from clearbar.grading.llm import LlmGrader  # noqa: PLC0415 - as above

    llm = LlmGrader(
        space.rubric, space.settings.llm, secret=secret, ledger=_ledger(space.store), prompt_folder=space.project.path("prompts")
    )
    try:
        llm.probe()
    except BaseException:
        llm.close()
        raise
    return llm


def _by_rules(space: Workspace, asked: Asked, error: GraderUnavailableError, notice: Callable[[str], None]) -> Workspace:
    """Return the workspace with rules alone, where an LLM that cannot be used was no demand; else raise."""
    if asked != "auto":
        raise error
    notice(f"the LLM cannot be used, so rules grade: {error}")
    return replace(space, why_rules=f"{LLM_AWAY}: {error.what}")


def _ledger(store: Store | None) -> "Ledger":
    from clearbar.grading.llm import MemoryLedger  # noqa: PLC0415 - as above

    return MemoryLedger() if store is None else store.ledger


def _with_cascade(space: Workspace, llm: "LlmGrader", notice: Callable[[str], None]) -> Workspace:
    from clearbar.pipeline.cascading import plan  # noqa: PLC0415 - needs a workspace itself

    made = plan(space)
    chosen = f"bar {made.bar:.2f}, chosen on {plural(made.chosen_on, 'conversation')}"
    told = f"{plural(len(made.trusted), 'level')} of criteria left to the rules ({chosen})"
    if made.precision is not None and made.decided_by_rules is not None:
        share, confirmed = f"{made.decided_by_rules:.0%}", f"{made.precision:.0%}"
        told += f"; on {made.tested_on} others they decide {share} of the verdicts, of which labels confirm {confirmed}"
    notice(f"cascade: {told}" + ("" if made.loss is None else f"; agreement lost against the LLM alone: {made.loss:.1%}"))
    return replace(space, cascade=CascadeGrader(space.rubric, space.rules, llm, made), asked="cascade")


def store_url(project: Project, settings: Settings) -> str | Path:
    """Return where the store lies: the setting, else a SQLite file in the state folder."""
    return settings.store_url.get_secret_value() if settings.store_url else project.state / "clearbar.db"


def open_store(project: Project, settings: Settings) -> Store:
    """Return the project's store, made or brought up to date where needed.

    Raises
    ------
    StoreError
        If it cannot be used.
    """
    return Store.open(store_url(project, settings))
