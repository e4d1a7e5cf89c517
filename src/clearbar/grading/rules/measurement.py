"""From turns to signals: language, texts, patterns. One way in for every road."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from clearbar.grading.rules.engine import Finder, open_finder
from clearbar.grading.rules.language import recognize
from clearbar.grading.rules.lexicon import Lexicon
from clearbar.grading.rules.signals import Signals
from clearbar.grading.rules.texts import AGENT, Heard, Spoken, Texts
from clearbar.grading.rules.turnset import WIDTH
from clearbar.rubric import Tally
from clearbar.verdict import ABSTAINED, failed

__all__ = ["Measurements", "Measurer", "Panel", "Talk"]

_EVERYWHERE: Final = frozenset({"gap_seconds", "long_gap_seconds", "weekdays_only"})
_NONE: Final = ""  # a channel without limits
_HOUR: Final = 3_600.0
_CHAT: Final = "chat"


class Talk(Protocol):
    """A conversation, as far as rules read it."""

    @property
    def turns(self) -> Sequence[Spoken]:
        """All turns, in order."""

    @property
    def started_at(self) -> datetime | None:
        """When the conversation began; turns tell seconds from then, or from 1970."""

    @property
    def channel(self) -> str | None:
        """chat, email, phone, social, or what the record says."""

    @property
    def language(self) -> str | None:
        """BCP 47 code as the record declares it."""


class Measurer:
    """Measures conversations with a lexicon.

    Parameters
    ----------
    lexicon
        Whose phrases.
    limits
        The rubric's figures, by channel.
    tallies
        The rubric's scorecards.
    plain
        Whether to search with `re` even where RE2 is installed; the signals are the same.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        limits: Mapping[str, Mapping[str, float]],
        tallies: Mapping[str, Tally],
        *,
        plain: bool = False,
    ) -> None:
        self.lexicon = lexicon
        self.tallies = {name: tally.points for name, tally in tallies.items()}
        """What each tally counts, and for how much."""
        self.limits = frozenset({name for figures in limits.values() for name in figures} | _EVERYWHERE)
        """Names of the figures that decisions may read."""
        self._figures = {channel: self._complete(limits.get(channel, {})) for channel in (*limits, _NONE)}
        self._finders: dict[str, Finder] = {code: open_finder(tongue, plain=plain) for code, tongue in lexicon.tongues.items()}

    def measure(self, talks: Iterable[Talk]) -> "Measurements":
        """Return the signals of conversations.

        Each is read as it comes; all texts are then searched together, each but once.
        """
        taken: dict[str, list[_Taken]] = {code: [] for code in self._finders}
        texts = {code: Texts(finder) for code, finder in self._finders.items()}
        unmeasured: dict[int, str] = {}
        number = -1
        for number, talk in enumerate(talks):
            heard = Heard(talk.turns, talk.started_at)
            code = recognize(talk.language, heard, self.lexicon)
            if code not in taken:
                unmeasured[number] = failed("language")
            elif AGENT not in heard.sides:
                unmeasured[number] = ABSTAINED
            else:
                taken[code].append((number, talk.channel, heard))
                texts[code].gather(heard)
        panels = [panel for code, some in taken.items() if some for panel in self._panels(some, texts[code])]
        return Measurements(number + 1, panels, unmeasured)

    def _panels(self, taken: Sequence["_Taken"], texts: Texts) -> Iterator["Panel"]:
        """Yield the signals of conversations in one language, of the very long ones apart."""
        texts.search()
        for long in (False, True):
            some = [one for one in taken if (len(one[2].turns) > WIDTH) is long]
            if some:
                numbers, channels, heard = zip(*some, strict=True)
                signals = Signals(heard, texts)
                self._bind(signals, channels)
                yield Panel(numbers, signals)

    def _bind(self, signals: Signals, told: Sequence[str | None]) -> None:
        """Give signals the limits of the channels; where none is told, a chat's if the replies come at a chat's pace."""
        if None in told:
            paces = [_CHAT if gap < _HOUR else _NONE for gap in signals.longest_gap.tolist()]
            told = [pace if channel is None else channel for channel, pace in zip(told, paces, strict=True)]
        signals.bind([self._figures.get((channel or _NONE).lower(), self._figures[_NONE]) for channel in told], self.tallies)

    def _complete(self, limits: Mapping[str, float]) -> dict[str, float]:
        """Return a figure for each name; unlimited where the channel has none."""
        return {name: limits.get(name, float("inf") if name.endswith("_seconds") else 0.0) for name in self.limits}


class Panel(NamedTuple):
    """Conversations that were measured together."""

    numbers: Sequence[int]
    """Which of all, in order."""
    signals: Signals


class Measurements(NamedTuple):
    """What was measured in some conversations."""

    many: int
    panels: Sequence[Panel]
    unmeasured: Mapping[int, str]
    """Why nothing was measured, of those that are in no panel."""

    def recount(self, tallies: Mapping[str, Tally]) -> None:
        """Count with other points; what else was measured stays."""
        for panel in self.panels:
            panel.signals.recount({name: tally.points for name, tally in tallies.items()})


_Taken = tuple[int, str | None, Heard]
"""A conversation that will be measured: which of all, its channel, its turns."""
