"""Labels and audits brought together: one pair of states a conversation and criterion, as numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clearbar.agreement import Floats
from clearbar.labelled import Resolved
from clearbar.plural import plural
from clearbar.resampling import Ints
from clearbar.rubric import Rubric
from clearbar.verdict import NOT_APPLICABLE, UNGRADED, Audit, Verdict

__all__ = ["Pairs", "pair", "states"]

SHOWN = 5
_KNOWN_AGENTS = 0.9
_MIN_CLUSTERS = 20
"""With fewer agents, resampling them would be too sure of itself."""


def states(criterion: str, rubric: Rubric) -> tuple[str, ...]:
    """Return what a verdict on a criterion can say: its levels, `not_applicable`, `ungraded`."""
    return (*rubric.scale_of(criterion).ids, NOT_APPLICABLE, UNGRADED)


@dataclass(frozen=True)
class Pairs:
    """Conversations that have a label given without sight of a grade, and an audit."""

    ids: tuple[str, ...]
    audits: tuple[Audit, ...]
    cells: Ints
    """Shape `(conversations, criteria)`: state by label * number of states + state by grader; -1 where there is no label."""
    sizes: tuple[int, ...]
    clusters: Ints
    clustered_by: str
    notes: tuple[str, ...]

    def table(self, place: int) -> Floats:
        """Return the table of one criterion."""
        size = self.sizes[place]
        cells = self.cells[:, place]
        return np.bincount(cells[cells >= 0], minlength=size**2).reshape(size, size).astype(float)


_What = tuple[str, str]
"""What was odd, of one case and of several."""


def pair(audits: Sequence[Audit], resolved: Resolved, rubric: Rubric) -> Pairs:
    """Return the pairs, and lines about what could not be paired."""
    notes: list[str] = []
    by_id = _once(audits, notes)
    labelled = {id for id, given in resolved.rulings.items() if any(ruling.independent for ruling in given.values())}
    ids = tuple(id for id in by_id if id in labelled)
    if missing := sorted(set(resolved.rulings) - set(by_id)):
        notes.append(
            f"{plural(len(missing), 'labelled conversation has', 'labelled conversations have')} no transcript here: nothing is compared "
            f"with {'it' if len(missing) == 1 else 'them'} ({_named(missing)})"
        )
    if others := sorted({audit.rubric.hash for audit in by_id.values()} - {rubric.full_hash}):
        notes.append(f"audits by {plural(len(others), 'other version')} of the rubric are among those checked")
    cells = np.full((len(ids), len(rubric.criteria)), -1, dtype=np.intp)
    sizes = tuple(len(states(criterion.id, rubric)) for criterion in rubric.criteria)
    odd: Counter[_What] = Counter()
    for row, id in enumerate(ids):
        _fill(cells[row], by_id[id], resolved, rubric, odd)
    notes += [plural(number, *what) for what, number in odd.items()]
    clusters, by = _clusters([by_id[id] for id in ids], resolved)
    return Pairs(ids, tuple(by_id[id] for id in ids), cells, sizes, clusters, by, tuple(notes))


def _fill(cells: Ints, audit: Audit, resolved: Resolved, rubric: Rubric, odd: Counter[_What]) -> None:
    given = {verdict.criterion: verdict for verdict in audit.verdicts}
    for place, criterion in enumerate(rubric.criteria):
        ruling = resolved.rulings[audit.transcript].get(criterion.id)
        if ruling is None or not ruling.independent:
            continue
        known = states(criterion.id, rubric)
        cells[place] = known.index(ruling.level) * len(known) + known.index(_state(given.get(criterion.id), known, odd))


def _state(verdict: Verdict | None, known: Sequence[str], odd: Counter[_What]) -> str:
    if verdict is None:
        odd["labelled criterion has no verdict and counts as ungraded", "labelled criteria have no verdict and count as ungraded"] += 1
        return UNGRADED
    if verdict.level not in known:
        odd[
            "verdict names a level that the rubric does not have and counts as ungraded",
            "verdicts name a level that the rubric does not have and count as ungraded",
        ] += 1
        return UNGRADED
    if verdict.fallback_reason:
        odd[
            f"verdict comes from another grader than was asked ({verdict.fallback_reason})",
            f"verdicts come from another grader than was asked ({verdict.fallback_reason})",
        ] += 1
    return verdict.level


def _once(audits: Sequence[Audit], notes: list[str]) -> dict[str, Audit]:
    by_id: dict[str, Audit] = {}
    twice = []
    for audit in audits:
        if audit.transcript in by_id:
            twice.append(audit.transcript)
        by_id[audit.transcript] = audit
    if twice:
        notes.append(f"{plural(len(twice), 'audit')} of a conversation that was audited before; the last one counts ({_named(twice)})")
    return by_id


def _clusters(audits: Sequence[Audit], resolved: Resolved) -> tuple[Ints, str]:
    """Return the cluster of every conversation: its agent where agents are known and many, else its incident, else itself."""
    agents = [audit.agent for audit in audits]
    known = sum(agent is not None for agent in agents)
    if audits and known >= _KNOWN_AGENTS * len(audits) and len(set(agents)) >= _MIN_CLUSTERS:
        keys, by = [agent or audit.transcript for agent, audit in zip(agents, audits, strict=True)], "agent"
    else:
        keys = [resolved.groups.get(audit.transcript, audit.transcript) for audit in audits]
        by = "incident" if len(set(keys)) < len(keys) else "conversation"
    return np.unique(keys, return_inverse=True)[1].astype(np.intp) if keys else np.zeros(0, dtype=np.intp), by


def _named(ids: Sequence[str]) -> str:
    return ", ".join(ids[:SHOWN]) + (f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else "")
