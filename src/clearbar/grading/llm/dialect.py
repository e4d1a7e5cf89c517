"""What a server and a model accept: how a reply's shape is told, how its length is bounded, whether temperature and seed are taken."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from clearbar.grading.llm.access import read_address
from clearbar.grading.llm.schema import response_format, tool_choice
from clearbar.model import Model
from clearbar.settings import LlmSettings

__all__ = ["Dialect", "ReplyMode", "default_dialect", "endpoint", "error_body"]


class ReplyMode(StrEnum):
    """How the server is told what shape a reply has, the strictest first."""

    JSON_SCHEMA = "json_schema"
    TOOLS = "tools"
    JSON_OBJECT = "json_object"
    TEXT = "text"


class Dialect(Model):
    """How requests are worded for one server and model."""

    mode: ReplyMode = ReplyMode.JSON_SCHEMA
    length_field: str = "max_completion_tokens"
    temperature: bool = True
    seed: bool = True

    def fields(self, schema: dict[str, Any], *, tokens: int, temperature: float, seed: int) -> dict[str, Any]:
        """Return the request's fields beside model and messages."""
        fields: dict[str, Any] = {self.length_field: tokens}
        if self.temperature:
            fields["temperature"] = temperature
        if self.seed:
            fields["seed"] = seed
        match self.mode:
            case ReplyMode.JSON_SCHEMA:
                fields["response_format"] = response_format(schema)
            case ReplyMode.JSON_OBJECT:
                fields["response_format"] = {"type": "json_object"}
            case ReplyMode.TOOLS:
                fields |= tool_choice(schema)
            case ReplyMode.TEXT:
                pass
        return fields

    def without(self, words: str, param: str | None) -> "Dialect | None":
        """Return the dialect that avoids what a server refused by status 400, or None if that cannot be told.

        Parameters
        ----------
        words
            The error's message, in lower case.
        param
            The parameter that the server says it is about.
        """
        if self.length_field in words or param == self.length_field:
            other = "max_tokens" if self.length_field == "max_completion_tokens" else "max_completion_tokens"
            return self.model_copy(update={"length_field": other})
        for field in ("temperature", "seed"):
            if getattr(self, field) and (param == field or field in words):
                return self.model_copy(update={field: False})
        about_shape = ("response_format", "json_schema", "json_object", "json", "schema", "tool", "grammar")
        if any(name in words or name in (param or "") for name in about_shape):
            return self.weaker()
        return None

    def weaker(self) -> "Dialect | None":
        """Return the dialect with the next less strict reply mode, or None if there is none."""
        modes = list(ReplyMode)
        place = modes.index(self.mode) + 1
        return self.model_copy(update={"mode": modes[place]}) if place < len(modes) else None

    def __str__(self) -> str:
        """Return the dialect for a fingerprint."""
        dropped = [name for name in ("temperature", "seed") if not getattr(self, name)]
        return f"mode={self.mode}{''.join(f' no-{name}' for name in dropped)}"


def default_dialect(settings: LlmSettings) -> Dialect:
    """Return what is assumed of a server before it was asked."""
    mode = ReplyMode.JSON_SCHEMA if settings.reply_mode == "auto" else ReplyMode(settings.reply_mode)
    # OpenAI's newer models refuse `max_tokens`; compatible servers know it, and some ignore the newer name in silence.
    address = read_address(settings)
    own = address is None or (address.hostname or "").endswith("openai.com")
    return Dialect(mode=mode, length_field="max_completion_tokens" if own else "max_tokens")


def endpoint(settings: LlmSettings) -> str:
    """Return where calls go, without credentials or query."""
    parts = read_address(settings)
    if parts is None:
        return "api.openai.com"
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.hostname or ''}{port}{parts.path.rstrip('/')}"


def error_body(body: object) -> Mapping[str, Any]:
    """Return the `error` object of a server's reply, wherever it stands; empty if there is none."""
    if isinstance(body, dict):
        inner = body.get("error")
        return inner if isinstance(inner, dict) else body
    return {}
