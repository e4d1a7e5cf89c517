"""WebVTT and SRT: cues with speakers, each turn a speaker's run of cues."""

import re
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from clearbar.sources.mapping import FieldMap
from clearbar.sources.roles import known_role
from clearbar.transcript import Role

__all__ = ["read_captions"]

_NAMED: Final = re.compile(r"\s*([^\W\d][\w .'\-]{0,40}?)\s*:\s+(.+)", re.DOTALL)
_SIDES: Final = 2


def read_captions(name: str, text: str, fields: FieldMap) -> dict[str, Any]:
    """Return the record of one captions file; its id is the file's name without ending.

    A speaker whose name is a role has that role. Of two speakers, the other one then has the other side's. An agent's name is kept.

    Raises
    ------
    ValueError
        If the file is malformed, or has no speakers.
    """
    import webvtt  # noqa: PLC0415 - only these files need it

    captions: Any
    try:
        captions = webvtt.from_string(text) if text.lstrip("\ufeff").startswith("WEBVTT") else _srt(text)
    except webvtt.errors.MalformedFileError:
        raise ValueError("is neither WebVTT nor SRT (expected 'WEBVTT' or numbered cues with '-->')") from None
    cues = [(str(cue.start), *_speaker(cue.voice, cue.text)) for cue in captions]
    roles = _roles([speaker for _, speaker, _ in cues], fields)
    turns = []
    for speaker, run in groupby(cues, key=lambda cue: cue[1]):
        parts = list(run)
        role = roles[speaker]
        turns.append({"role": role, "text": " ".join(part for _, _, part in parts), "time": parts[0][0]})
        if role is Role.AGENT and known_role(speaker, fields.roles) is None:
            turns[-1]["agent"] = speaker
    return {"id": Path(name).stem, "channel": "phone", "turns": turns}


def _srt(text: str) -> Any:
    import io  # noqa: PLC0415

    import webvtt  # noqa: PLC0415

    return webvtt.from_buffer(io.StringIO(text.lstrip("\ufeff")), format="srt")


def _speaker(voice: str | None, text: str) -> tuple[str, str]:
    words = " ".join(text.split())
    if voice:
        return voice.strip(), words
    match = _NAMED.fullmatch(words)
    if match is None:
        raise ValueError("a cue names no speaker (expected '<v NAME>' or 'NAME: words'); transcribe with speakers")
    return match[1], match[2]


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
