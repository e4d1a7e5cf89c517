"""What the rules saw in a conversation and why they decided as they did, for `clearbar rubric explain`."""

from collections.abc import Mapping

from clearbar.grading.rules.measurement import Measurements
from clearbar.grading.rules.signals import SIGNALS, Signals
from clearbar.grading.rules.turnset import places
from clearbar.model import Model
from clearbar.rubric import Tally
from clearbar.verdict import Verdict

__all__ = ["Explanation", "Hit", "Measured", "explained"]


class Hit(Model):
    """Words of a turn that belong to a group of the lexicon: `turns[turn].text[start:end]`, in code points."""

    group: str
    turn: int
    start: int
    end: int


class Measured(Model):
    """A signal's value, and the turns that it counted."""

    name: str
    value: float
    turns: tuple[int, ...]
    about: str


class Explanation(Model):
    """Hits, signals and verdicts of one conversation; the rationale of a verdict names the signals that decided."""

    hits: tuple[Hit, ...]
    """In the order of the text."""
    signals: tuple[Measured, ...]
    """Those that are not 0."""
    verdicts: tuple[Verdict, ...]


def explained(measured: Measurements, verdicts: tuple[Verdict, ...], tallies: Mapping[str, Tally]) -> Explanation:
    """Return what was measured in one conversation beside what was decided; there is nothing where it could not be measured."""
    abouts = {name: f"{tally.about} ({tally.told})" for name, tally in tallies.items()}
    if not measured.panels:
        return Explanation(hits=(), signals=(), verdicts=verdicts)
    signals = measured.panels[0].signals
    abouts["politeness"] = f"{SIGNALS['politeness']} Used: {', '.join(_strategies(signals)) or 'none'}."
    told = [
        Measured(name=name, value=signals.numbers(name).item(0), turns=tuple(places(signals.sets(name)[0])), about=about)
        for name, about in (SIGNALS | abouts).items()
    ]
    return Explanation(hits=tuple(_hits(signals)), signals=tuple(item for item in told if item.value), verdicts=verdicts)


def _strategies(signals: Signals) -> list[str]:
    """Return the strategies of politeness that the agent used."""
    uses = signals.turns.texts.strategies.sum(axis=0)
    return [strategy.name.replace("_", " ") for strategy, times in zip(signals.tongue.strategies, uses, strict=True) if times]


def _hits(signals: Signals) -> list[Hit]:
    found = [
        Hit(group=group.name, turn=turn, start=first, end=last)
        for turn, row in signals.turns.said(0, signals.sets("customer_turns")[0] | signals.sets("agent_turns")[0])
        for group in signals.tongue.groups
        for first, last in signals.turns.texts.hits(group, row)
    ]
    return sorted(found, key=lambda hit: (hit.turn, hit.start, hit.end, hit.group))
