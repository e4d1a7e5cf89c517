"""Erasure everywhere: store, published pages, and the exports beside them."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from clearbar.errors import UsageError
from clearbar.model import Model
from clearbar.pipeline.editions import hold, lock_of, locks_of
from clearbar.pipeline.workspace import open_store
from clearbar.plural import plural
from clearbar.project import Project
from clearbar.publish import withdraw
from clearbar.redact import Redactor
from clearbar.settings import Settings
from clearbar.store import ERASED, TOO_OLD, Published, Removed, Store

__all__ = ["Erasure", "apply_retention", "erase_from_everywhere"]


class Erasure(Model):
    """What was erased, and what is left to do by hand."""

    conversations: int
    """That were in the store and are gone."""
    pages: tuple[str, ...]
    """Report files that held them and were removed; `clearbar report` makes them anew without."""
    left: tuple[str, ...]
    """Places that could not be cleaned from here."""
    scrubbed: bool
    """Whether the bytes are out of the store's files, too."""

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do."""
        return self.scrubbed and not self.left

    def line(self) -> str:
        """Return it in words."""
        told = f"{plural(self.conversations, 'conversation')} erased, {plural(len(self.pages), 'report file')} removed that showed them"
        told += " (make them anew: clearbar report)" if self.pages else ""
        told += ". A later pull will not bring them back, nor will one of the same records from another file or path."
        if not self.conversations and not self.pages:
            told = "Nothing of it was stored. A later pull will leave it out."
        if not self.scrubbed:
            told += " The store is in use, so its files still hold the bytes: run the same command again when nothing else uses it."
        return told + "".join(f"\nleft to remove by hand: {place}" for place in self.left)


def erase_from_everywhere(
    project: Project,
    settings: Settings,
    *,
    conversations: tuple[str, ...],
    customer: str | None,
    who: str,
    why: str,
    notice: Callable[[str], None],
) -> Erasure:
    """Erase conversations by id, or all of a customer, from the store and from all published pages.

    Raises
    ------
    UsageError
        If no conversation of that id is known; a customer who is not known is still kept from coming in.
    """
    pseudonym = Redactor(settings.redaction, project.secret()).customer(customer) if customer else None
    with open_store(project, settings) as store:
        keys = [key for id in conversations for key in _known(store, id, notice)]
        if pseudonym and not store.find_customer(pseudonym):
            notice("no stored conversation names that customer; later ones will not be stored")
        done = store.erase(keys, customer=pseudonym, who=who, why=why)
        removed, left = _withdraw_pages(project, store)
        left += _remove_checks(project)
    return Erasure(conversations=done.conversations, pages=tuple(removed), left=tuple(left), scrubbed=done.scrubbed)


def _withdraw_pages(project: Project, store: Store, *, retained: bool = False) -> tuple[list[str], list[str]]:
    """Remove the pages that show what was erased, and return those that are gone and those out of reach.

    A report that is being written is waited for: it finds the erasure before anything is in its place, and writes the pages anew without.

    Parameters
    ----------
    project, store
        Where pages are, and where it is written down.
    retained
        Whether retention asks: pages that are too old go, too, and those in distant stores are forgotten, since what was on its way
        there when it was to go has arrived by now.
    """
    why = (ERASED, TOO_OLD) if retained else (ERASED,)
    removed: list[str] = []
    left: list[str] = []
    pages = _pages_to_go(store, why)
    folders = {page.folder for page in pages if page.folder}
    locks = {lock_of(project, Path(folder)) for folder in folders}
    if len([page for page in pages if page.folder]) < len(pages):  # announced, and of no edition yet: any of the writers may be at it
        locks |= locks_of(project)
    with ExitStack() as stack:
        for lock in sorted(locks):  # always in the same order, so that two erasures do not wait for each other
            with suppress(OSError):  # who writes reports cannot hold it either, and what was erased must not stay for that
                stack.enter_context(hold(lock))
        for page in _pages_to_go(store, why):  # none that was made anew meanwhile
            if page.folder and page.folder not in folders:
                continue
            if not withdraw(page.path):
                left.append(page.path)
                continue
            removed.append(page.path)
            if retained or "://" not in page.path:
                store.forget_report(page.path)
    return removed, left


def _remove_checks(project: Project) -> list[str]:
    """Remove the checks, which name and quote where grader and labels differ, and return what is out of reach; they are made anew."""
    left = []
    for kept in sorted((project.state / "checks").glob("*")):
        try:
            kept.unlink(missing_ok=True)
        except OSError:
            left.append(str(kept))
    return left


def _pages_to_go(store: Store, why: Sequence[str]) -> list[Published]:
    return [page for page in store.reports(stale=True) if any(reason in page.stale for reason in why)]


def _known(store: Store, id: str, notice: Callable[[str], None]) -> list[tuple[str, str]]:
    found = store.find_conversation(id)
    if not found and store.erased_before(id):
        notice(f"conversation {id!r} was erased before")
    elif not found:
        raise UsageError(f"the store knows no conversation {id!r}", fix="nothing was erased; check the id")
    if len(found) > 1:
        notice(f"conversations of {len(found)} sources have the id {id!r}; all of them are erased")
    return found


def apply_retention(project: Project, store: Store, settings: Settings) -> Removed:
    """Remove what is older than the settings allow, published pages included, and what earlier erasures could not reach."""
    removed = store.apply_retention(**settings.retention.model_dump())
    _withdraw_pages(project, store, retained=True)
    return removed
