"""Reports in which people corrected something, made anew from the same conversations and with the same rubric."""

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Final, Self

from clearbar.errors import ClearbarError, StoreError
from clearbar.model import Model
from clearbar.pipeline.editions import measured_of
from clearbar.pipeline.reporting import make_reports
from clearbar.pipeline.selection import ReportRequest, graded_items
from clearbar.project import Project
from clearbar.settings import Settings
from clearbar.store import Edition, Run, Store

__all__ = ["Restated", "Restater", "anything_to_restate", "restate"]

_LOOK: Final = 15.0
"""Seconds between looks whether a report no longer holds."""
_REST: Final = 20.0
"""So many times as long as it took lies between one restatement and the next: reviewers who go on do not keep a machine busy."""
_REST_AFTER_FAULT: Final = 600.0
"""Seconds until what failed is tried again."""


class Restated(Model):
    """A folder of reports that people's corrections outdated."""

    folder: str
    why: dict[str, str]
    """By team's folder: what no longer held."""
    done: bool
    fault: str = ""
    """Why it could not be made anew."""
    gone: bool = False
    """Whether that is because it does not lie on this machine."""

    def line(self) -> str:
        """Return it in words."""
        told = "; ".join(f"{slug}: {why}" for slug, why in sorted(self.why.items()))
        return f"restated {self.folder} ({told})" if self.done else f"not restated: {self.folder}: {self.fault}"


def restate(project: Project, settings: Settings, store: Store, *, who: str = "report") -> list[Restated]:
    """Make all published reports anew that no longer hold, and return what became of each folder.

    The figures differ from those before by what people said, and by nothing else but settings on what may be shown: the conversations
    are those that the reports showed, the rubric is the one with which they were made. Conversations of a closed period keep their
    levels; the page says what came after. Copies in the shared folder follow, and nobody is notified: that would tell who asked of every
    single correction. A folder that lies on another machine, or is gone, is told and left as it is.
    """
    return [
        _restated(project, settings, store, folder, {slug: one.why for slug, one in outdated.items()}, who=who)
        for folder, outdated in sorted(store.outdated().items())
    ]


def anything_to_restate(store: Store) -> bool:
    """Return whether a report on this machine no longer holds."""
    return any(_lies_here(folder) for folder in store.outdated())


class Restater:
    """Looks now and then whether reports no longer hold, and has them made anew; a context manager that ends it.

    Parameters
    ----------
    outdated
        Whether there is something to do.
    work
        Does it, and returns whether it went well.
    look
        Seconds between looks.
    """

    def __init__(self, outdated: Callable[[], bool], work: Callable[[], bool], *, look: float = _LOOK) -> None:
        self._outdated = outdated
        self._work = work
        self._look = look
        self._over = Event()
        self._thread = Thread(target=self._run, name="restater", daemon=True)

    def _run(self) -> None:
        rest = self._look
        while not self._over.wait(rest):
            try:
                rest = self._turn()
            except Exception:  # noqa: BLE001 - the server goes on, and so do later looks
                rest = _REST_AFTER_FAULT

    def _turn(self) -> float:
        """Do what there is to do and return how long to rest."""
        if not self._outdated():
            return self._look
        began = monotonic()
        done = self._work()
        return max(self._look, _REST * (monotonic() - began)) if done else _REST_AFTER_FAULT

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, without waiting for work under way: it is a process of its own, and ends whole."""
        self._over.set()


def _restated(project: Project, settings: Settings, store: Store, folder: str, why: dict[str, str], *, who: str) -> Restated:
    edition = store.edition(folder)
    if edition is None or not _lies_here(folder):
        fault = "it is not on this machine any more; make it anew: clearbar report"
        return Restated(folder=folder, why=why, done=False, fault=fault, gone=True)
    try:
        return _made_anew(project, settings, store, edition, why, who=who)
    except ClearbarError as error:
        return Restated(folder=folder, why=why, done=False, fault=str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, it must cost neither the other folders nor what else the night does
        fault = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        return Restated(folder=folder, why=why, done=False, fault=f"it could not be made anew ({fault})")


def _lies_here(folder: str) -> bool:
    return (Path(folder) / "index.html").is_file()


def _made_anew(project: Project, settings: Settings, store: Store, edition: Edition, why: dict[str, str], *, who: str) -> Restated:
    rubric = store.rubric(edition.body["rubric"])
    if rubric is None:
        return Restated(folder=edition.folder, why=why, done=False, fault="the store no longer holds the rubric that it was made with")
    silent = settings.model_copy(update={"publish": settings.publish.model_copy(update={"notify": ()})})
    request = ReportRequest.model_validate(edition.body["request"]).model_copy(update={"out": Path(edition.folder)})
    made = make_reports(
        project,
        silent,
        store,
        rubric,
        request,
        items=graded_items(store, rubric, request, only=store.shown(edition.folder)),
        run=_known(lambda: store.run(edition.body["run"])) if edition.body["run"] else None,
        why_rules=edition.body["why_rules"],
        measured=measured_of(edition.body),
        who=who,
        anew=edition,
    )
    if made.published and made.published.faults:
        return Restated(folder=edition.folder, why=why, done=False, fault="; ".join(made.published.faults))
    done = bool(made.teams) or store.edition(edition.folder) != edition  # by somebody else, meanwhile
    return Restated(folder=edition.folder, why=why, done=done, fault="" if done else "the store no longer holds its conversations")


def _known(run: Callable[[], Run]) -> Run | None:
    try:
        return run()
    except StoreError:  # kept long enough
        return None
