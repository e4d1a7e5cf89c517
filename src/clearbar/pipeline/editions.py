"""The reports of a folder from one edition to the next: which of them replace others because people corrected something."""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from clearbar.model import digest
from clearbar.pipeline.checking import Checked, Measured
from clearbar.pipeline.selection import ReportRequest
from clearbar.project import Project
from clearbar.report import PeriodBefore, Revision, TeamEstimates
from clearbar.rubric import Rubric
from clearbar.store import Edition, Outdated, Run, Store, StoredRevision
from clearbar.verdict import GradedBy

__all__ = ["History", "hold", "hold_folder", "keep_edition", "lock_of", "locks_of", "measured_of"]

_ELSEWHERE: Final = "people reviewed conversations of other teams, by which the grader’s errors here are estimated, too"
_DISPUTE: Final = re.compile(r"dispute (\d+) changed a verdict in it(.*)")


class History:
    """What came before in a folder of reports, and which of its reports are made anew now.

    Parameters
    ----------
    store, folder
        Where that is written down, and of which folder.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.edition = store.edition(str(folder))
        """How the reports that lie there were made; null where none do."""
        self.pending: dict[str, Outdated] = store.outdated(str(folder)).get(str(folder), {})
        """By slug: what no longer holds; seen before anything is read, so that what comes later is not lost."""
        self.marks = store.marks()
        """By path: how often that was said, as of now."""
        self.scopes: dict[str, str] = {}
        """By slug: digest of the conversations."""
        self._found: dict[str, list[StoredRevision]] = {}

    @property
    def before(self) -> dict[str, PeriodBefore]:
        """By slug: how teams stood against the period before when the reports were made; corrections change nothing about that."""
        told = self.edition.body.get("before", {}) if self.edition else {}
        return {slug: PeriodBefore.model_validate(one) for slug, one in told.items()}

    def compare(self, keys: Mapping[str, Sequence[tuple[str, str]]], figures: Mapping[str, TeamEstimates], *, who: str) -> None:
        """Decide for each team's folder whether its report is a new one or the same made anew.

        A report is its conversations: of others it is a new report, and what was said of the old one is no concern of it.

        Parameters
        ----------
        keys
            By slug: source and id of the conversations that are reported now.
        figures
            By slug: what their report says now. Where people corrected other teams' conversations, corrected figures may move here, too.
        who
            For the audit trail.
        """
        before = self.edition.body["scopes"] if self.edition else {}
        known = self.store.revisions(str(self.folder))
        for slug, shown in keys.items():
            self.scopes[slug] = digest(sorted(shown))
            if before.get(slug) != self.scopes[slug]:
                self.store.forget_revisions(str(self.folder), slug)
            else:
                self._found[slug] = [*known.get(slug, ()), *self._anew(slug, known.get(slug, ()), figures[slug], who)]

    def _anew(self, slug: str, known: Sequence[StoredRevision], figures: TeamEstimates, who: str) -> Iterator[StoredRevision]:
        pending, page = self.pending.get(slug), self.folder / slug / "index.html"
        if not page.is_file() or not (pending or (self.pending and _moved(page.with_name("report.json"), figures))):
            return
        replaced = hashlib.sha256(page.read_bytes()).hexdigest()
        last = known[-1] if known else None
        # written down, and then interrupted before the pages were
        if last and (last.marks >= pending.marks if pending else last.replaced == replaced):
            return
        new = StoredRevision(
            folder=str(self.folder),
            slug=slug,
            revision=(last.revision if last else 1) + 1,
            why=_in_short(pending.why) if pending else _ELSEWHERE,
            replaced=replaced,
            marks=pending.marks if pending else last.marks if last else 0,
            at=datetime.now(UTC),
        )
        self.store.add_revision(new, who=who)
        yield new

    def revisions(self, slug: str) -> tuple[Revision, ...]:
        """Return the later editions of a report, the newest first."""
        found = reversed(self._found.get(slug, ()))
        return tuple(Revision(number=one.revision, on=one.at.date(), because=one.why, replaced=one.replaced) for one in found)


def _moved(twin: Path, figures: TeamEstimates) -> bool:
    """Return whether corrected figures differ from those that a report says, although its grades are the same."""
    try:
        told = json.loads(twin.read_bytes())
        before = {"score": told["score"], "clears": told["clears"], **{item["id"]: item["fails"] for item in told["criteria"]}}
    except (OSError, ValueError, LookupError):
        return False
    now = {"score": figures.score, "clears": figures.clears, **figures.fails}
    return any(
        _as_graded(one) == _as_graded(now[of].model_dump()) and any(one[end] != getattr(now[of], end) for end in ("value", "low", "high"))
        for of, one in before.items()
        if of in now and (one["corrected"] or now[of].corrected)
    )


def _as_graded(estimate: Mapping[str, Any]) -> float | None:
    """Return a figure as it was graded, as far as it is told to the same digits."""
    found = estimate["raw"] if estimate["corrected"] else estimate["value"]
    return None if found is None else round(found, 4)


def _in_short(why: str) -> str:
    """Tell several disputes in one go."""
    parts: dict[str, list[str]] = {}
    for reason in why.split("; "):
        found = _DISPUTE.fullmatch(reason)
        parts.setdefault(found[2] if found else reason, []).extend([found[1]] if found else [])
    told = (_disputes(numbers) + rest if numbers else rest for rest, numbers in parts.items())
    return "; ".join(told)


def _disputes(numbers: Sequence[str]) -> str:
    if len(numbers) == 1:
        return f"dispute {numbers[0]} changed a verdict in it"
    return f"disputes {', '.join(numbers[:-1])} and {numbers[-1]} changed verdicts in it"


def hold_folder(project: Project, folder: Path) -> AbstractContextManager[None]:
    """Keep all other processes of this machine from writing a folder of reports; a killed one keeps nobody waiting."""
    return hold(lock_of(project, folder))


def lock_of(project: Project, folder: Path) -> Path:
    """Return the file that whoever writes a folder of reports holds."""
    return project.state / "locks" / f"reports-{digest(str(folder))[:16]}"


def locks_of(project: Project) -> set[Path]:
    """Return the files of all folders that were ever written, or are being written for the first time."""
    return set((project.state / "locks").glob("reports-*"))


@contextmanager
def hold(lock: Path) -> Iterator[None]:
    """Hold one of these files; raises OSError where that cannot be."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w", encoding="ascii") as file:
        _lock(file)
        yield


def _lock(file: IO[str]) -> None:
    """Wait until nobody else holds a file; the system lets go of it when this process ends, however it ends."""
    try:
        import fcntl  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    fcntl.flock(file, fcntl.LOCK_EX)


def keep_edition(
    store: Store,
    history: History,
    request: ReportRequest,
    *,
    pages: Collection[str] | None,
    rubric: Rubric,
    run: Run | None,
    why_rules: str | None,
    measured: Sequence[Measured],
    before: Mapping[str, PeriodBefore],
) -> None:
    """Write down how reports were made.

    Their folder then holds these `pages`, with copies elsewhere, and no others; null where not all of them could be written.
    """
    body: dict[str, Any] = {
        "request": request.model_dump(mode="json"),
        "rubric": rubric.full_hash,
        "run": run.id if run else None,
        "why_rules": why_rules,
        "measured": [{"graded_by": one.graded_by.value, "checked": _wordless(one.checked)} for one in measured],
        "scopes": history.scopes,
        "before": {slug: one.model_dump(mode="json") for slug, one in before.items()},
    }
    store.save_edition(Edition(folder=str(history.folder), body=body, made_at=datetime.now(UTC)), pages)


def measured_of(body: Mapping[str, Any]) -> tuple[Measured, ...]:
    """Return how far the graders of an edition agree with labels, as it was when it was made."""
    return tuple(Measured(GradedBy(one["graded_by"]), Checked.model_validate(one["checked"])) for one in body["measured"])


def _wordless(checked: Checked) -> dict[str, Any]:
    """Return a check without the conversations on which grader and labels differ."""
    result = checked.result.model_copy(update={"disagreements": ()})
    return checked.model_copy(update={"result": result, "rejected": (), "notes": ()}).model_dump(mode="json")
