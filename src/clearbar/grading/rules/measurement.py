"""From turns to signals: language, texts, patterns. One way in for every road."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from clearbar.grading.rules.engine import Finder, open_finder
from clearbar.grading.rules.language import recognize
from clearbar.grading.rules.lexicon import Lexicon
from clearbar.grading.rules.signals import Signals, Spoken, mannerly
from clearbar.grading.rules.text import Utterance
from clearbar.verdict import ABSTAINED, failed

__all__ = ["Measurer", "Seen", "Talk"]

_SIDES: Final = {"customer": 0, "agent": 1}
_HOUR: Final = 3_600.0
_CHAT: Final = "chat"

Seen = dict[str, tuple[dict[str, Utterance], dict[str, Utterance]]]
"""Texts that were searched before, by language and side."""


class Talk(Protocol):
    """A conversation, as far as rules read it."""

    @property
    def turns(self) -> Sequence[Spoken]:
        """All turns, in order."""

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
    plain
        Whether to search with `re` even where RE2 is installed; the signals are the same.
    """

    def __init__(self, lexicon: Lexicon, limits: Mapping[str, Mapping[str, float]], *, plain: bool = False) -> None:
        self.lexicon = lexicon
        self.limits = limits
        self._finders: dict[str, Finder] = {code: open_finder(tongue, plain=plain) for code, tongue in lexicon.tongues.items()}

    def measure(self, talk: Talk, seen: Seen | None = None) -> Signals | str:
        """Return the signals of a conversation, or the reason why there are none; `seen` keeps texts from one to the next."""
        turns = talk.turns
        sides = [_SIDES.get(turn.role, -1) for turn in turns]
        code = recognize(talk, sides, self.lexicon)
        finder = None if code is None else self._finders.get(code)
        if code is None or finder is None:
            return failed("language")
        known = ({} if seen is None else seen).setdefault(code, ({}, {}))
        heard: list[Utterance | None] = []
        for turn, side in zip(turns, sides, strict=True):
            if side < 0:
                heard.append(None)
                continue
            text = turn.text
            utterance = known[side].get(text)
            if utterance is None:
                utterance = known[side][text] = _read(text, side, finder)
            heard.append(utterance)
        signals = Signals(turns, sides, heard, finder)
        signals.limits = self._figures(talk.channel, signals)
        return signals if signals.agent else ABSTAINED

    def _figures(self, channel: str | None, signals: Signals) -> Mapping[str, float]:
        """Return the channel's limits; where it is not told, those of a chat if the replies come at a chat's pace."""
        if channel is not None:
            return self.limits.get(channel.lower(), {})
        return self.limits.get(_CHAT, {}) if signals.longest_gap < _HOUR else {}


def _read(text: str, side: int, finder: Finder) -> Utterance:
    utterance = Utterance(text)
    utterance.mask = finder.find(side, utterance)
    utterance.mannerly = mannerly(utterance, finder.tongue)
    return utterance
