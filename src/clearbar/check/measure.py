"""The figures of a check: from pairs of labels and verdicts to coefficients, intervals, decisions and disagreements."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from clearbar.agreement import (
    Floats,
    cohen_kappa,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
    precision_recall,
    quadratic_weights,
)
from clearbar.check.annotators import annotator_agreement, null
from clearbar.check.decision import Asked, decide
from clearbar.check.pairing import Pairs, pair, states
from clearbar.check.result import (
    CheckResult,
    Confusion,
    CriterionCheck,
    Decision,
    Disagreement,
    Interval,
    LevelAccuracy,
    Macro,
    Reweighted,
)
from clearbar.check.thresholds import Bar, Thresholds
from clearbar.labelled import Resolved
from clearbar.resampling import draw_tables, holm, tabulate
from clearbar.rubric import Rubric
from clearbar.verdict import UNGRADED, Audit, RubricRef, Verdict

__all__ = ["check"]

LEVEL = 0.95
DRAWS = 2_000
SEED = 20_260


def check(
    audits: Sequence[Audit],
    resolved: Resolved,
    rubric: Rubric,
    thresholds: Thresholds,
    *,
    grader: str,
    looks: int | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> CheckResult:
    """Return how far a grader agrees with labels, and which criteria may be left to it.

    Only conversations with both a label and an audit count, and only labels that were given without sight of a grade.
    Coefficients are over levels and `not_applicable`; an ungraded verdict is a disagreement. Same input, same result.

    Parameters
    ----------
    audits
        What the grader said, one a conversation.
    resolved
        The labels.
    rubric
        That both were made with.
    thresholds
        What is asked of each criterion.
    grader
        Its name or fingerprint, for the result.
    looks
        How often this labelled set was used for a check, this time included.
    draws, seed
        Resamples behind the intervals.
    """
    pairs = pair(audits, resolved, rubric)
    asked = _asked(pairs, rubric, thresholds, draws, seed)
    checked = [_criterion(item, resolved) for item in asked]
    together = holm([item.p for item in checked], 1 - thresholds.confidence)
    criteria = {
        item.criterion: item.model_copy(update={"trusted_together": kept and item.decision is Decision.GO})
        for item, kept in zip(checked, together, strict=True)
    }
    unknown = sorted(set(thresholds.criteria) - set(criteria))
    notes = [f"thresholds name {', '.join(unknown)}, which the rubric does not have; they ask nothing"] if unknown else []
    return CheckResult(
        grader=grader,
        rubric=RubricRef(name=rubric.name, version=rubric.version, hash=rubric.full_hash),
        n=len(pairs.ids),
        criteria=criteria,
        macro=_macro(list(criteria.values()), [item.drawn for item in asked]),
        confidence=thresholds.confidence,
        clustered_by=pairs.clustered_by,
        provenance=resolved.provenance,
        annotators=len(resolved.annotators),
        looks=looks,
        disagreements=tuple(_disagreements(pairs, resolved, rubric)),
        notes=(*resolved.notes, *pairs.notes, *notes),
    )


def _asked(pairs: Pairs, rubric: Rubric, thresholds: Thresholds, draws: int, seed: int) -> list[Asked]:
    """Return every criterion with its table and the tables resampled together for all criteria."""
    counts = tabulate(pairs.cells, pairs.clusters, pairs.sizes)
    tables = [pairs.table(place) for place in range(len(pairs.sizes))]
    drawn = draw_tables(counts, pairs.sizes, [_possible(table) for table in tables], draws=draws, seed=seed)
    starts = np.concatenate([[0], np.cumsum(np.square(pairs.sizes))])
    return [
        Asked(
            criterion=criterion,
            rubric=rubric,
            thresholds=thresholds,
            table=tables[place],
            drawn=drawn[place],
            clusters=counts[:, starts[place] : starts[place + 1]],
            seed=seed,
        )
        for place, criterion in enumerate(rubric.criteria)
    ]


def _possible(table: Floats) -> Floats:
    """Return which cells could occur: no label is ungraded, and a grader that never abstained has no such column."""
    cells = np.ones_like(table)
    cells[-1] = 0
    if not table[:, -1].any():
        cells[:, -1] = 0
    return cells


def _criterion(asked: Asked, resolved: Resolved) -> CriterionCheck:
    criterion, table, rubric = asked.criterion, asked.table, asked.rubric
    known = states(criterion.id, rubric)
    levels, failing = len(known) - 2, asked.failing
    both = table[:levels, :levels]
    covered = table[:-1, :-1]
    kappa, weighted = null(cohen_kappa(table)), null(cohen_kappa(both, quadratic_weights(levels)))
    precision, recall = precision_recall(table, failing)
    decision = decide(asked)
    return CriterionCheck(
        criterion=criterion.id,
        name=criterion.name,
        n=int(table.sum()),
        applicable=int(table[:levels].sum()),
        below=int(table[list(failing)].sum()),
        agreement=null(percent_agreement(table)),
        kappa=kappa,
        weighted_kappa=weighted,
        ac1=null(gwet_ac(_used(table))),
        alpha=null(krippendorff_alpha(table + table.T)),
        interval=None if kappa is None else _interval("kappa", cohen_kappa(asked.drawn)),
        precision_below=null(precision),
        recall_below=null(recall),
        coverage=null(covered.sum() / table.sum()) if table.any() else None,
        covered_agreement=null(percent_agreement(covered)),
        covered_kappa=null(cohen_kappa(covered)),
        applicable_kappa=null(cohen_kappa(_merged(table, [range(levels), [levels], [levels + 1]]))),
        below_kappa=null(cohen_kappa(_merged(both, [failing, [place for place in range(levels) if place not in failing]]))),
        levels=tuple(_accuracy(table, place, state) for place, state in enumerate(known[:-1])),
        confusion=Confusion(labels=known[:-1], grades=known, counts=tuple(tuple(map(int, row)) for row in table[:-1])),
        reweighted=_reweighted(table, failing, levels, asked.bar),
        annotators=annotator_agreement(resolved, criterion.id, rubric),
        bounds=decision.bounds,
        decision=decision.decision,
        why=decision.why + _undefined(table, both, kappa, weighted),
        needed=decision.needed,
        p=decision.p,
        trusted_together=False,
    )


def _undefined(table: Floats, both: Floats, kappa: float | None, weighted: float | None) -> str:
    """Return why coefficients are null, to stand behind the reason of the decision."""
    told = [
        f"{name} is undefined: {_lack(pairs)}"
        for name, value, pairs in (("kappa", kappa, table), ("weighted kappa", weighted, both))
        if value is None
    ]
    return "".join(f"; {line}" for line in told)


def _lack(pairs: Floats) -> str:
    if not pairs.any():
        return "there is no pair of ratings"
    return "all ratings lie in one category"


def _used(table: Floats) -> Floats:
    """Return the table without the category `ungraded` where nobody used it: AC1 depends on how many there are."""
    return table if table[:, -1].any() else table[:-1, :-1]


def _merged(table: Floats, groups: Sequence[Sequence[int]]) -> Floats:
    """Return the table over groups of categories."""
    member = np.zeros((len(groups), table.shape[0]))
    for place, group in enumerate(groups):
        member[place, list(group)] = 1
    return np.asarray(member @ table @ member.T, dtype=float)


def _interval(of: str, drawn: Floats) -> Interval:
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(of=of, low=round(float(low), 4) + 0.0, high=round(float(high), 4) + 0.0, level=LEVEL)


def _accuracy(table: Floats, place: int, state: str) -> LevelAccuracy:
    precision, recall = precision_recall(table, [place])
    return LevelAccuracy(
        level=state, labelled=int(table[place].sum()), given=int(table[:, place].sum()), precision=null(precision), recall=null(recall)
    )


def _reweighted(table: Floats, failing: Sequence[int], levels: int, bar: Bar) -> Reweighted | None:
    """Return kappa and precision as they would be with the stated share under the bar among applicable conversations."""
    if bar.prevalence_below is None:
        return None
    wanted = np.ones(len(table))
    under, applicable = table[list(failing)].sum(), table[:levels].sum()
    if not 0 < under < applicable:
        return Reweighted(prevalence_below=bar.prevalence_below, kappa=None, precision_below=None)
    wanted[:levels] = (1 - bar.prevalence_below) * applicable / (applicable - under)
    wanted[list(failing)] = bar.prevalence_below * applicable / under
    scaled = table * wanted[:, None]
    return Reweighted(
        prevalence_below=bar.prevalence_below,
        kappa=null(cohen_kappa(scaled)),
        precision_below=null(precision_recall(scaled, failing)[0]),
    )


def _macro(checked: Sequence[CriterionCheck], drawn: Sequence[Floats]) -> Macro:
    def mean(name: str) -> float | None:
        values = [getattr(item, name) for item in checked if getattr(item, name) is not None]
        return round(float(np.mean(values)), 4) if values else None

    defined = [cohen_kappa(tables) for item, tables in zip(checked, drawn, strict=True) if item.kappa is not None]
    return Macro(
        criteria=len(defined),
        n=sum(item.n for item in checked),
        agreement=mean("agreement"),
        kappa=mean("kappa"),
        weighted_kappa=mean("weighted_kappa"),
        ac1=mean("ac1"),
        alpha=mean("alpha"),
        interval=_interval("kappa", np.mean(defined, axis=0)) if defined else None,
        precision_below=mean("precision_below"),
        recall_below=mean("recall_below"),
        coverage=mean("coverage"),
    )


def _disagreements(pairs: Pairs, resolved: Resolved, rubric: Rubric) -> Iterator[Disagreement]:
    for place, criterion in enumerate(rubric.criteria):
        known = states(criterion.id, rubric)
        for row in _differing(pairs, place):
            audit = pairs.audits[row]
            verdict = next((item for item in audit.verdicts if item.criterion == criterion.id), None)
            state = known[int(pairs.cells[row, place]) % len(known)]
            yield _disagreement(audit, criterion.id, state, verdict, resolved)


def _differing(pairs: Pairs, place: int) -> NDArray[np.intp]:
    cells, size = pairs.cells[:, place], pairs.sizes[place]
    return np.flatnonzero((cells >= 0) & (cells // size != cells % size))


def _disagreement(audit: Audit, criterion: str, state: str, verdict: Verdict | None, resolved: Resolved) -> Disagreement:
    transcript = audit.transcript
    ruling = resolved.rulings[transcript][criterion]
    turns = resolved.evidence.get(transcript, {}).get(criterion, ())
    return Disagreement(
        transcript=transcript,
        criterion=criterion,
        label=ruling.level,
        basis=ruling.basis,
        label_evidence=turns,
        label_quotes=tuple(audit.turns[turn].text for turn in turns if turn < len(audit.turns)) if audit.turns else (),
        grade=state,
        reason=verdict.reason if verdict else ("no verdict" if state == UNGRADED else None),
        grader=verdict.grader if verdict else "",
        rationale=verdict.rationale if verdict else "",
        evidence=verdict.evidence if verdict else (),
        fallback_reason=verdict.fallback_reason if verdict else None,
    )
