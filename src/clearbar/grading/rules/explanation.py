"""What the rules saw in a conversation and why they decided as they did, for `clearbar rubric explain`."""

from clearbar.grading.rules.signals import SIGNALS, Signals
from clearbar.grading.rules.turnset import places
from clearbar.model import Model
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


def explained(signals: Signals | str, verdicts: tuple[Verdict, ...]) -> Explanation:
    """Return what was measured beside what was decided; nothing was measured where a reason stands in its stead."""
    if isinstance(signals, str):
        return Explanation(hits=(), signals=(), verdicts=verdicts)
    measured = [
        Measured(name=name, value=signals.value(name), turns=tuple(places(signals.turns(name))), about=about)
        for name, about in SIGNALS.items()
    ]
    return Explanation(hits=tuple(_hits(signals)), signals=tuple(item for item in measured if item.value), verdicts=verdicts)


def _hits(signals: Signals) -> list[Hit]:
    found = [
        Hit(group=group.name, turn=turn, start=start, end=end)
        for turn, utterance in enumerate(signals.utterances)
        if utterance is not None
        for group in signals.tongue.groups
        if utterance.mask & signals.tongue.bits[group.name]
        for start, end in signals.finder.hits(group, utterance)
    ]
    return sorted(found, key=lambda hit: (hit.turn, hit.start, hit.end, hit.group))
