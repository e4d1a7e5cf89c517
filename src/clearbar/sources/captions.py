"""WebVTT and SRT: cues with speakers, each turn a speaker's run of cues."""

import io
import re
from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from clearbar.sources.mapping import FieldMap
from clearbar.sources.roles import known_role
from clearbar.transcript import Role

__all__ = ["read_captions"]

_NAMED: Final = re.compile(r"\s*((?:[^\W\d_]|\d)[\w.'-]*(?:\s[\w.'()-]+){0,3})\s*:\s+(.+)", re.DOTALL)
_SIDES: Final = 2


def read_captions(name: str, text: str, fields: FieldMap) -> dict[str, Any]:
    """Return the record of one captions file; its id is the file's name without ending.

    A speaker whose name is a role has that role. Of two speakers, the other one then has the other side's. An agent's name is kept. A cue
    without a speaker goes on with what the last one said.

    Raises
    ------
    ValueError
        If the file is malformed, or has no speakers.
    """
    captions = _cues(text)
    if not captions:
        raise ValueError("holds no cues (expected 'WEBVTT' or numbered cues with '-->')")
    spoken = _speakers(captions, fields)
    roles = _roles([speaker for speaker, _ in spoken], fields)
    turns = []
    for speaker, run in groupby(zip(captions, spoken, strict=True), key=lambda pair: pair[1][0]):
        parts = list(run)
        role = roles[speaker]
        turns.append({"role": role, "text": " ".join(words for _, (_, words) in parts), "time": str(parts[0][0].start)})
        if role is Role.AGENT and known_role(speaker, fields.roles) is None:
            turns[-1]["agent"] = speaker
    return {"id": Path(name).stem, "channel": "phone", "turns": turns}


def _cues(text: str) -> list[Any]:
    import webvtt  # noqa: PLC0415 - only these files need it

    text = text.lstrip("\ufeff")
    try:
        read: Any = webvtt.from_string(text) if text.startswith("WEBVTT") else webvtt.from_buffer(io.StringIO(text), format="srt")
        return list(read)
    except (webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError):
        raise ValueError("is neither WebVTT nor SRT (expected 'WEBVTT' or numbered cues with '-->')") from None


def _speakers(cues: list[Any], fields: FieldMap) -> list[tuple[str, str]]:
    """Return the speaker and the words of each cue."""
    texts = [" ".join(cue.text.split()) for cue in cues]
    marked = any(cue.voice for cue in cues)
    named = [None if marked else _NAMED.fullmatch(text) for text in texts]
    counts = Counter(match[1] for match in named if match)
    spoken: list[tuple[str, str]] = []
    for cue, text, match in zip(cues, texts, named, strict=True):
        if cue.voice:
            spoken.append((cue.voice.strip(), text))
        elif match and _is_speaker(match[1], counts, fields):
            spoken.append((match[1], match[2]))
        elif spoken:
            spoken.append((spoken[-1][0], text))
        else:
            raise ValueError("its first cue names no speaker (expected '<v NAME>' or 'NAME: words'); transcribe with speakers")
    return spoken


def _is_speaker(name: str, counts: Mapping[str, int], fields: FieldMap) -> bool:
    """Whether what stands before a colon is a speaker, and not the beginning of a sentence."""
    role = known_role(name, fields.roles) or known_role(name.split(maxsplit=1)[0], fields.roles)
    return role is not None or counts[name] > 1 or name.istitle()


def _roles(speakers: list[str], fields: FieldMap) -> dict[str, Role]:
    names = list(dict.fromkeys(speakers))
    roles = {name: role for name in names if (role := known_role(name, fields.roles) or known_role(name.split()[0], fields.roles))}
    unknown = [name for name in names if name not in roles]
    if len(unknown) == 1 and len(names) == _SIDES:
        other = next(iter(roles.values()), None)
        if other in {Role.AGENT, Role.CUSTOMER}:
            roles[unknown[0]] = Role.CUSTOMER if other is Role.AGENT else Role.AGENT
    if any(name not in roles for name in names):
        raise ValueError("a speaker is neither agent nor customer by name; say who is who with --map role.NAME=agent")
    return roles
