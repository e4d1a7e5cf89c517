"""Reports in which people corrected something, made anew from the same conversations and with the same rubric."""

from collections.abc import Callable
from pathlib import Path

from clearbar.errors import ClearbarError, StoreError
from clearbar.model import Model
from clearbar.pipeline.editions import measured_of
from clearbar.pipeline.reporting import make_reports
from clearbar.pipeline.selection import ReportRequest, graded_items
from clearbar.project import Project
from clearbar.settings import Settings
from clearbar.store import Edition, Run, Store

__all__ = ["Restated", "restate"]


class Restated(Model):
    """A folder of reports that people's corrections outdated."""

    folder: str
    why: dict[str, str]
    """By team's folder: what no longer held."""
    done: bool
    fault: str = ""
    """Why it could not be made anew."""

    def line(self) -> str:
        """Return it in words."""
        told = "; ".join(f"{slug}: {why}" for slug, why in sorted(self.why.items()))
        return f"restated {self.folder} ({told})" if self.done else f"not restated: {self.folder}: {self.fault}"


def restate(project: Project, settings: Settings, store: Store, *, who: str = "report") -> list[Restated]:
    """Make all published reports anew that no longer hold, and return what became of each folder.

    The figures differ from those before by what people said, and by nothing else but settings on what may be shown: the conversations
    are those that the reports showed, the rubric is the one with which they were made. Conversations of a closed period keep their
    levels; the page says what came after. A folder that lies on another machine, or is gone, is told and left as it is.
    """
    return [
        _restated(project, settings, store, folder, {slug: one.why for slug, one in outdated.items()}, who=who)
        for folder, outdated in sorted(store.outdated().items())
    ]


def _restated(project: Project, settings: Settings, store: Store, folder: str, why: dict[str, str], *, who: str) -> Restated:
    edition = store.edition(folder)
    if edition is None or not (Path(folder) / "index.html").is_file():
        return Restated(folder=folder, why=why, done=False, fault="it is not on this machine any more; make it anew: clearbar report")
    try:
        return _made_anew(project, settings, store, edition, why, who=who)
    except ClearbarError as error:
        return Restated(folder=folder, why=why, done=False, fault=str(error))


def _made_anew(project: Project, settings: Settings, store: Store, edition: Edition, why: dict[str, str], *, who: str) -> Restated:
    rubric = store.rubric(edition.body["rubric"])
    if rubric is None:
        return Restated(folder=edition.folder, why=why, done=False, fault="the store no longer holds the rubric that it was made with")
    request = ReportRequest.model_validate(edition.body["request"]).model_copy(update={"out": Path(edition.folder)})
    made = make_reports(
        project,
        settings,
        store,
        rubric,
        request,
        items=graded_items(store, rubric, request, only=store.shown(edition.folder)),
        run=_known(lambda: store.run(edition.body["run"])) if edition.body["run"] else None,
        why_rules=edition.body["why_rules"],
        measured=measured_of(edition.body),
        who=who,
    )
    fault = "" if made.teams else "the store no longer holds its conversations"
    return Restated(folder=edition.folder, why=why, done=bool(made.teams), fault=fault)


def _known(run: Callable[[], Run]) -> Run | None:
    try:
        return run()
    except StoreError:  # kept long enough
        return None
