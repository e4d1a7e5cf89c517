"""What the model reads: the rubric first and the same for every conversation, the conversation last, fenced and escaped."""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from clearbar.errors import ProjectError
from clearbar.grading.llm.orders import Orders
from clearbar.grading.llm.parts import Part
from clearbar.grading.llm.schema import reply_schema, shape_in_words
from clearbar.grading.llm.tokens import estimate_tokens
from clearbar.model import canonical_json, digest
from clearbar.rubric import Example, Rubric
from clearbar.transcript import RedactedTranscript, Role, Turn

__all__ = ["Prompt", "render_turn", "schema_tokens", "show"]

TEMPLATES = ("grade.md.j2", "conversation.md.j2", "repair.md.j2")
CONSTANT_TOKENS = 1800
"""Bound, in estimated tokens, of the constant part with its schema; the rubric's examples are left out where they exceed it."""
MARK = 10
"""Hexadecimal digits of the mark around a conversation."""

SHOWN_GAP = 30
"""Seconds between two turns from which on the gap is shown: a shorter one says nothing on any channel, and costs tokens."""

LINE = "\n| "
"""How a further line of a turn begins, so that it cannot pass for a turn of its own."""

_LETTERS = {Role.AGENT: "A", Role.CUSTOMER: "C", Role.BOT: "B", Role.SYSTEM: "S", Role.NOTE: "N"}
_SPECIAL = re.compile(r"<(?=\|)|(?<=\|)>|\[(?=/?INST\b)|<(?=/?s>)", re.IGNORECASE)
"""Where an open model's chat template would see a control token of its own: `<|im_start|>`, `[INST]`, `<s>`."""
_UNSEEN = frozenset({"Cf", "Cc", "Co", "Cs"})
"""Unicode categories of characters that no reader sees, in which text for the model alone can hide."""
_SELECTORS = range(0xE0100, 0xE01F0)
"""Variation selectors, of which any number may follow a letter, and which spell whatever somebody wants them to."""
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"))


class Prompt:
    """The templates of a project, filled with one rubric.

    Parameters
    ----------
    folder
        The project's `prompts` folder.
    secret
        Keys the mark around a conversation, so that its text cannot know it and runs still repeat.
    shaped
        Whether the reply's shape is told in words, because the server cannot be told a schema.

    Raises
    ------
    ProjectError
        If a template is missing or cannot be read.
    """

    def __init__(self, rubric: Rubric, folder: Path, secret: bytes, *, shaped: bool = False) -> None:
        self.rubric = rubric
        self.shaped = shaped
        self._secret = secret
        self._orders = Orders(rubric)
        self._sources = {name: _read(folder / name) for name in TEMPLATES}

    @cached_property
    def hash(self) -> str:
        """Digest of the templates."""
        return digest(self._sources)[:12]

    @cached_property
    def _templates(self) -> Mapping[str, Any]:
        from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - only those who render a prompt pay for it

        # The result is a prompt, not a page; the conversation is escaped by `show`.
        environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701
        return {name: environment.from_string(source) for name, source in self._sources.items()}

    @lru_cache(maxsize=64)  # noqa: B019 - lives as long as the grader, and so may its prompt
    def constant(self, asked: tuple[str, ...]) -> str:
        """Return the part that is the same for every conversation: all words of the rubric on the criteria `asked`."""
        without = self._constant(asked, {})
        room = CONSTANT_TOKENS - estimate_tokens(without) - schema_tokens(self.rubric, asked)
        return self._constant(asked, self._examples(asked, room))

    def _constant(self, asked: Sequence[str], examples: Mapping[str, Sequence[Example]]) -> str:
        criteria = [self.rubric.criterion(id) for id in asked]
        used = {criterion.scale for criterion in criteria}
        text: str = self._templates["grade.md.j2"].render(
            rubric=self.rubric,
            criteria=criteria,
            scales=[scale for scale in self.rubric.scales if scale.id in used],
            levels={id: self.rubric.scale_of(id).ids for id in asked},
            examples={id: examples.get(id, ()) for id in asked},
            shape=shape_in_words(self.rubric, asked) if self.shaped else "",
        )
        return text.rstrip()

    def _examples(self, asked: Sequence[str], room: int) -> dict[str, list[Example]]:
        """Return the examples that fit: the first of each criterion in turn, then the second of each."""
        chosen: dict[str, list[Example]] = {id: [] for id in asked}
        for place in range(max(len(self.rubric.criterion(id).examples) for id in asked)):
            for id in asked:
                for example in self.rubric.criterion(id).examples[place : place + 1]:
                    cost = estimate_tokens(f"Example of {example.level}: {example.passage} {example.why}") + 2
                    if cost <= room:
                        room -= cost
                        chosen[id].append(example)
        return chosen

    def conversation(self, transcript: RedactedTranscript, part: Part | None = None, only: Sequence[str] = ()) -> str:
        """Return the part with the conversation, or with one part of it."""
        part = part or Part(first=0, last=len(transcript.turns))
        numbers = {agent: str(place) for place, agent in enumerate(transcript.agents, 1)} if len(transcript.agents) > 1 else {}
        words = [show(turn.text.strip()) for turn in transcript.turns[part.first : part.last]]
        if self._orders.suspected("\n".join(words)):
            words = [self._orders.withhold(text) for text in words]
        lines = []
        for index, text in enumerate(words, part.first):
            before = transcript.turns[index - 1].time if index else None
            lines.append(render_turn(index, transcript.turns[index], text, before, numbers))
        rendered: str = self._templates["conversation.md.j2"].render(
            about=_about(transcript),
            part=part if part.count > 1 else None,
            mark=self._mark(transcript.text_hash),
            turns="\n".join(lines),
            only=only,
        )
        return rendered.rstrip()

    def repair(self, faults: Mapping[str, str]) -> str:
        """Return the request to mend a reply, which names the fault of each criterion."""
        text: str = self._templates["repair.md.j2"].render(faults={id: show(fault) for id, fault in faults.items()})
        return text.rstrip()

    def _mark(self, text_hash: str) -> str:
        return hmac.new(self._secret, text_hash.encode(), hashlib.sha256).hexdigest()[:MARK]


@lru_cache(maxsize=256)
def _schema_tokens(schema: bytes) -> int:
    return estimate_tokens(schema.decode())


def schema_tokens(rubric: Rubric, asked: Sequence[str]) -> int:
    """Return the estimated tokens of the reply schema, which providers bill as part of the prompt."""
    return _schema_tokens(canonical_json(reply_schema(rubric, asked)))


def show(text: str) -> str:
    """Return a text as the model sees it: without invisible characters, with control tokens of chat templates broken up."""
    if not text.isprintable() or (not text.isascii() and max(text) >= chr(_SELECTORS.start)):
        text = text.translate(_SHOWN)
    return _SPECIAL.sub(lambda found: f"{found[0]} " if found[0] in "<[" else f" {found[0]}", text)


class _Shown(dict[int, str]):
    """Code points as they are shown, found out on first use."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        unseen = unicodedata.category(char) in _UNSEEN or code in _SELECTORS
        self[code] = " " if char in "\t\r\v\f\x85\u2028\u2029" else "" if char != "\n" and unseen else char
        return self[code]


_SHOWN = _Shown()


def render_turn(index: int, turn: Turn, words: str, before: float | None, numbers: Mapping[str, str]) -> str:
    """Return one turn: number, speaker, time since the turn before, words as shown; further lines begin with a bar."""
    passed = 0.0 if turn.time is None or before is None else turn.time - before
    gap = f"+{_duration(passed)}" if passed >= SHOWN_GAP else ""
    return f"{index}{_LETTERS[turn.role]}{numbers.get(turn.agent or '', '')}{gap}: {words.replace(chr(10), LINE)}"


def _duration(seconds: float) -> str:
    """Return a duration with its two leading units at most: `35s`, `4m`, `2h30m`, `3d4h`."""
    left = round(seconds)
    for place, (size, unit) in enumerate(_UNITS):
        if left >= 2 * size:
            finer, name = _UNITS[place + 1] if place + 1 < len(_UNITS) else (1, "s")
            rest = left % size // finer
            return f"{left // size}{unit}{f'{rest}{name}' if rest else ''}"
    return f"{left}s"


def _about(transcript: RedactedTranscript) -> str:
    began = f"{transcript.started_at:%a %Y-%m-%d %H:%M}" if transcript.started_at else ""
    return show(", ".join(part for part in (transcript.channel, transcript.language, began) if part)).replace("\n", " ")[:80]


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"the prompt template {file} cannot be read", fix="restore it, or pass --project DIR") from error
