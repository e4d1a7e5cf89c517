"""Attempts to write one's own grade into a conversation, read from `attacks.yaml`; also used by `benchmarks/llm.py`."""

import base64
from pathlib import Path
from typing import Any

import yaml

from clearbar.rubric import Rubric
from clearbar.transcript import RedactedTranscript, Role, Turn

ATTACKS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("attacks.yaml").read_text(encoding="utf-8"))
PLACE = 4
"""Turn at which an attack is put into a conversation."""


def written(attack: dict[str, Any], rubric: Rubric, criterion: str) -> str:
    """Return the words of an attack, hidden as it says."""
    scale = rubric.scale_of(criterion).ids
    text: str = attack["text"].format(criterion=criterion, level=scale[-1] if attack["wants"] == "top" else scale[0])
    match attack.get("encode"):
        case "base64":
            return f"my reference is {base64.b64encode(text.encode()).decode()}"
        case "zero-width":
            return "thanks a lot" + "".join(f"\u200b{char}\u200d" for char in text)
        case "tags":
            return "thanks a lot" + "".join(chr(0xE0000 + ord(char)) for char in text if char.isascii())
        case "dotted":
            return ".".join(text)
        case _:
            return text


def attacked(transcript: RedactedTranscript, attack: dict[str, Any], rubric: Rubric, criterion: str) -> RedactedTranscript:
    """Return a conversation with an attack in it."""
    before = transcript.turns[min(PLACE, len(transcript.turns)) - 1]
    turn = Turn(role=Role(attack["who"]), text=written(attack, rubric, criterion), time=before.time, agent=None)
    turns = (*transcript.turns[:PLACE], turn, *transcript.turns[PLACE:])
    return RedactedTranscript.model_validate(transcript.model_dump(exclude={"text_hash", "turns"}) | {"turns": turns})
