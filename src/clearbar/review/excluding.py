"""Which items of the queue nobody should review, by the rules that leads set."""

import threading
from collections.abc import Iterable, Sequence

from clearbar.pipeline.exclusions import excludes, reads_turns
from clearbar.store import Exclusion, QueueItem, Store

__all__ = ["Excluding"]

Key = tuple[str, str]
"""Source fingerprint and id."""


class Excluding:
    """Applies rules to the queue; what a rule says of a text is kept, as neither of them ever changes.

    Parameters
    ----------
    store
        Where rules and texts are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[int, str], bool] = {}
        self._turn = threading.Lock()

    def left_out(self, items: Sequence[QueueItem], rules: Sequence[Exclusion] | None = None) -> set[Key]:
        """Return the conversations that rules leave out: those in force, or those that are given."""
        found: set[Key] = set()
        for rule in self._store.exclusions(active=True) if rules is None else rules:
            if reads_turns(rule):
                found |= self._by_text(rule, items)
            else:
                found |= {(item.source, item.id) for item in items if item.fields.get(rule.field, "").casefold() == rule.value.casefold()}
        return found

    def _by_text(self, rule: Exclusion, items: Sequence[QueueItem]) -> set[Key]:
        with self._turn:
            missing = [(item.source, item.id) for item in items if (rule.number, item.text_hash) not in self._known]
            for one in self._store.conversations(missing):
                self._known[rule.number, one.text_hash] = excludes(rule, one)
            return set(_hit(rule, items, self._known))


def _hit(rule: Exclusion, items: Iterable[QueueItem], known: dict[tuple[int, str], bool]) -> Iterable[Key]:
    return ((item.source, item.id) for item in items if known.get((rule.number, item.text_hash), False))
