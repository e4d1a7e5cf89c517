"""What the labels of a set add up to: one level a conversation and criterion, and every annotator's own blind ratings."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from pydantic import Field

from clearbar.label import NA, Label, LabelKind
from clearbar.model import Model
from clearbar.plural import plural
from clearbar.rubric import Rubric
from clearbar.verdict import NOT_APPLICABLE

__all__ = ["Basis", "Provenance", "Resolved", "Ruling", "resolve"]

UNNAMED: Final = "unnamed"
"""Who made a label that names no annotator."""
SHOWN: Final = 5

Basis = Literal["consensus", "adjudicated", "blind", "dispute", "revealed"]
"""What a final level rests on, the strongest first. The last two were given in sight of a grade."""
_ORDER: Final[tuple[Basis, ...]] = ("consensus", "adjudicated", "blind", "dispute", "revealed")
_KIND: Final[dict[LabelKind, Basis]] = {
    LabelKind.CONSENSUS: "consensus",
    LabelKind.ADJUDICATED: "adjudicated",
    LabelKind.BLIND: "blind",
    LabelKind.DISPUTE: "dispute",
    LabelKind.REVEALED: "revealed",
}
_Given = dict[str, str]
"""Levels by criterion."""


class Provenance(Model):
    """Where a labelled set comes from.

    A file `NAME.provenance.json` beside `NAME.jsonl` says so, else `provenance.json` in its folder, else it is unknown.
    """

    annotators: Literal["people", "language model", "people and language model", "unknown"] = "unknown"
    conversations: Literal["real", "invented", "mixed", "unknown"] = "unknown"
    """Error rates measured on invented conversations never correct the rates of real teams."""
    selection: Literal["random", "enriched", "unknown"] = "unknown"
    """An enriched set tells how a grader errs given the truth, and nothing about how frequent levels are."""
    comparable: tuple[str, ...] = ()
    """Teams whose conversations the lead calls comparable to these; `*` means all."""
    note: str = ""

    def line(self) -> str:
        """Return it in words."""
        on = f"{_known(self.conversations)} conversations ({_known(self.selection)} selection)"
        return f"labels by {_made_by(self.annotators)}, on {on}" + (f"; {self.note}" if self.note else "")


def _made_by(annotators: str) -> str:
    return {"language model": "a language model", "unknown": "annotators of whom nothing is known"}.get(annotators, annotators)


def _known(word: str) -> str:
    return "unstated" if word == "unknown" else word


class Ruling(Model):
    """The final level of one criterion on one conversation."""

    level: str
    """A level's id or `not_applicable`."""
    basis: Basis

    @property
    def independent(self) -> bool:
        """Whether it was given without sight of a grade."""
        return self.basis in {"consensus", "adjudicated", "blind"}


class Resolved(Model):
    """A labelled set, resolved against a rubric."""

    rulings: dict[str, dict[str, Ruling]]
    """By conversation and criterion; what is missing was not labelled or stayed undecided."""
    blind: dict[str, dict[str, dict[str, str]]]
    """Blind levels by conversation, annotator and criterion; they alone feed the annotators' own agreement."""
    evidence: dict[str, dict[str, tuple[int, ...]]] = {}
    """Turns that the labels point to, by conversation and criterion."""
    groups: dict[str, str] = {}
    """Conversations of one incident, by conversation."""
    probability: dict[str, float] = {}
    """Chance with which a conversation was selected for labelling, where known."""
    notes: tuple[str, ...] = ()
    """What was odd, and what was done about it."""
    provenance: Provenance = Field(default_factory=Provenance)

    def level(self, conversation: str, criterion: str) -> str | None:
        """Return the final level, `not_applicable`, or None where there is none."""
        ruling = self.rulings.get(conversation, {}).get(criterion)
        return ruling.level if ruling else None

    @property
    def annotators(self) -> tuple[str, ...]:
        """Who gave blind labels, in alphabetical order."""
        return tuple(sorted({annotator for given in self.blind.values() for annotator in given}))


def _spoken(given: Mapping[str, _Given]) -> dict[str, _Given]:
    """Return those annotators who gave any usable level."""
    return {annotator: levels for annotator, levels in given.items() if levels}


_NUMBER: Final = re.compile(r"\{n:([^|{}]+)\|([^|{}]+)\}")


class _Oddities:
    """Gathers what is odd, so that a hundred cases of one kind make one line."""

    def __init__(self) -> None:
        self._cases: dict[str, list[str]] = defaultdict(list)

    def add(self, what: str, case: str) -> None:
        self._cases[what].append(case)

    def lines(self) -> tuple[str, ...]:
        # no str.format: the template may hold a criterion's name as a label file spells it, braces and all
        return tuple(_counted(what, len(cases)).replace("{cases}", _named(cases)) for what, cases in self._cases.items())


def _counted(what: str, number: int) -> str:
    """Put a number into a template: `{n:label was|labels were}`."""
    return _NUMBER.sub(lambda found: plural(number, found[1], found[2]), what)


def _named(cases: Sequence[str]) -> str:
    unique = list(dict.fromkeys(cases))
    return ", ".join(unique[:SHOWN]) + (f" and {len(unique) - SHOWN} more" if len(unique) > SHOWN else "")


def resolve(labels: Iterable[Label], rubric: Rubric, provenance: Provenance | None = None) -> Resolved:
    """Return one level a conversation and criterion, and what was odd on the way.

    The consensus rules, else the adjudicated level, else the median of the blind ones. With an even number the middle level
    that lies nearer to the lowest one that does not fail is taken: the bar is failed, and cleared by far, on evidence. A tie
    between applicable and not stays undecided. Labels given in sight of a grade (`revealed`, `dispute`) stand in only where
    there is no other, and say so in their basis.

    Parameters
    ----------
    labels
        In any order, several a conversation.
    rubric
        Whose criteria and levels count.
    provenance
        Where they come from; unknown if not given.
    """
    odd = _Oddities()
    usable = _without_ambiguous_ids(list(labels), odd)
    _note_rubrics(usable, rubric, odd)
    given = _by_annotator(usable, rubric, odd)
    rulings: dict[str, dict[str, Ruling]] = {}
    for conversation, by_basis in given.items():
        found = {item.id: _rule(conversation, item.id, by_basis, rubric, odd) for item in rubric.criteria}
        rulings[conversation] = {criterion: ruling for criterion, ruling in found.items() if ruling}
        if not rulings[conversation]:
            odd.add(
                "{n:labelled conversation holds|labelled conversations hold} no usable level, and nothing is compared with that ({cases})",
                conversation,
            )
    said = {conversation: _spoken(by_basis.get("blind", {})) for conversation, by_basis in given.items()}
    blind = {conversation: by_annotator for conversation, by_annotator in said.items() if by_annotator}
    _note_annotators(blind, rulings, odd)
    return Resolved(
        rulings=rulings,
        blind=blind,
        evidence=_evidence(usable),
        groups={label.id: label.group for label in usable if label.group},
        probability={label.id: label.probability for label in usable if label.probability},
        notes=odd.lines(),
        provenance=provenance or Provenance(),
    )


def _without_ambiguous_ids(labels: list[Label], odd: _Oddities) -> list[Label]:
    sources: dict[str, set[str]] = defaultdict(set)
    for label in labels:
        if label.source:
            sources[label.id].add(label.source)
    ambiguous = {id for id, named in sources.items() if len(named) > 1}
    for id in sorted(ambiguous):
        odd.add(
            "left out, {n:id stands|ids stand} for conversations of several sources, since ids alone cannot tell them apart ({cases})", id
        )
    return [label for label in labels if label.id not in ambiguous]


def _note_rubrics(labels: Sequence[Label], rubric: Rubric, odd: _Oddities) -> None:
    own = {rubric.full_hash, rubric.prompt_hash, rubric.rules_hash}
    for label in labels:
        if label.rubric and label.rubric not in own:
            odd.add(
                "{n:label was|labels were} made with another version of the rubric, and taken as made; relabel if the wording of a level "
                "changed ({cases})",
                label.id,
            )


def _by_annotator(labels: Sequence[Label], rubric: Rubric, odd: _Oddities) -> dict[str, dict[Basis, dict[str, _Given]]]:
    """Return levels by conversation, basis, annotator and criterion; of several labels by one hand, one."""
    hands: dict[tuple[str, Basis, str], list[Label]] = defaultdict(list)
    for label in labels:
        hands[label.id, _KIND[label.kind], label.annotator or UNNAMED].append(label)
    given: dict[str, dict[Basis, dict[str, _Given]]] = defaultdict(lambda: defaultdict(dict))
    for (conversation, basis, annotator), several in hands.items():
        readings = [_levels(label, rubric, odd) for label in _latest(several, odd)]
        given[conversation][basis][annotator] = _merge(conversation, readings, odd)
    return {conversation: dict(by_basis) for conversation, by_basis in given.items()}


def _latest(labels: list[Label], odd: _Oddities) -> list[Label]:
    """Return the label made last where all are dated, else all."""
    dated = [label.at for label in labels if label.at is not None]
    if len(labels) > 1 and len(dated) == len(labels) and len(set(dated)) == len(dated):
        odd.add("{n:label replaces|labels replace} an earlier one of the same annotator; the latest counts ({cases})", labels[0].id)
        return [max(labels, key=lambda label: label.at.timestamp() if label.at else 0)]
    return labels


def _levels(label: Label, rubric: Rubric, odd: _Oddities) -> _Given:
    known = {criterion.id for criterion in rubric.criteria}
    levels: _Given = {}
    for criterion, stated in label.levels.items():
        if criterion not in known:
            odd.add(
                f"criterion {criterion[:64]!r} is not in the rubric {rubric.name!r}: {{n:label of it counts|labels of it count}} "
                "nowhere ({cases})",
                label.id,
            )
        elif (level := _level(stated, rubric.scale_of(criterion).ids)) is None:
            ids = ", ".join(rubric.scale_of(criterion).ids)
            odd.add(f"{{n:label|labels}} on {criterion!r} beside its scale (from 0: {ids}), taken as missing ({{cases}})", label.id)
        else:
            levels[criterion] = level
    return levels


def _level(stated: int | str, ids: Sequence[str]) -> str | None:
    if isinstance(stated, int):
        return ids[stated] if 0 <= stated < len(ids) else None
    if stated in {NA, NOT_APPLICABLE}:
        return NOT_APPLICABLE
    return stated if stated in ids else None


def _merge(conversation: str, readings: Sequence[_Given], odd: _Oddities) -> _Given:
    """Return what several labels by one hand say alike; where they contradict each other they say nothing."""
    merged: _Given = {}
    clashing = False
    for criterion in dict.fromkeys(criterion for reading in readings for criterion in reading):
        said = {reading[criterion] for reading in readings if criterion in reading}
        if len(said) == 1:
            merged[criterion] = said.pop()
        else:
            clashing = True
    if clashing:
        odd.add(
            "{n:conversation was|conversations were} labelled twice by one annotator with different levels, which "
            "count as missing ({cases})",
            conversation,
        )
    elif len(readings) > 1:
        odd.add("{n:conversation was|conversations were} labelled twice alike by one annotator; counted once ({cases})", conversation)
    return merged


def _rule(
    conversation: str, criterion: str, by_basis: Mapping[Basis, Mapping[str, _Given]], rubric: Rubric, odd: _Oddities
) -> Ruling | None:
    for basis in _ORDER:
        said = [given[criterion] for given in by_basis.get(basis, {}).values() if criterion in given]
        if not said:
            continue
        level = _median(said, criterion, rubric)
        if level is not None:
            return Ruling(level=level, basis=basis)
        odd.add(
            f"{{n:conversation|conversations}} with labels on {criterion!r} "
            "that are tied between applicable and not, and undecided ({cases})",
            conversation,
        )
        return None
    return None


def _median(said: Sequence[str], criterion: str, rubric: Rubric) -> str | None:
    absent = said.count(NOT_APPLICABLE)
    if 2 * absent != len(said):
        if 2 * absent > len(said):
            return NOT_APPLICABLE
        ranks = sorted(rubric.rank(criterion, level) for level in said if level != NOT_APPLICABLE)
        low, high = ranks[(len(ranks) - 1) // 2], ranks[len(ranks) // 2]
        levels = rubric.scale_of(criterion).levels
        bar = next((place for place, level in enumerate(levels) if not level.fails), len(levels) - 1)
        return levels[min(max(bar, low), high)].id
    return None


def _note_annotators(blind: Mapping[str, Mapping[str, _Given]], rulings: Mapping[str, Mapping[str, Ruling]], odd: _Oddities) -> None:
    for conversation, given in rulings.items():
        if any(not ruling.independent for ruling in given.values()):
            odd.add(
                "{n:conversation has|conversations have} labels that were only given in sight of a grade, "
                "which do not count when a grader is checked "
                "({cases})",
                conversation,
            )
    several = Counter(len(given) for given in blind.values())
    if blind and not any(number > 1 for number in several):
        odd.add("every conversation has blind labels of one annotator only: how far people would agree cannot be said", "")


def _evidence(labels: Sequence[Label]) -> dict[str, dict[str, tuple[int, ...]]]:
    found: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for label in labels:
        for criterion, turns in label.evidence.items():
            found[label.id][criterion].update(turns)
    return {id: {criterion: tuple(sorted(turns)) for criterion, turns in by.items()} for id, by in found.items()}
