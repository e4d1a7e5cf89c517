"""One tiny call before any conversation is sent, which finds out whether there is an LLM and how it wants to be asked."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson

from clearbar.errors import GraderUnavailableError
from clearbar.grading.llm.client import Client, Completion
from clearbar.grading.llm.dialect import Dialect, ReplyMode, endpoint
from clearbar.grading.llm.faults import CallError, classify
from clearbar.grading.llm.schema import exact_object
from clearbar.settings import LlmSettings

__all__ = ["PROBE_SECONDS", "mode_note", "negotiate", "unavailable"]

PROBE_SECONDS = 60.0
"""A model that takes longer for one word will not grade; local servers load it at the first call."""
_TRIES = 3
_STEPS = 10
_TOKENS = 512
"""Room for models that think before they answer."""


def _one(kind: str) -> dict[str, Any]:
    return exact_object({"kind": {"type": "string", "enum": [kind]}, "turn": {"type": "integer"}})


_SCHEMA: Mapping[str, Any] = exact_object(
    {"ok": {"type": "boolean"}, "seen": {"type": "array", "items": {"anyOf": [_one("first"), _one("second")]}}}
)
"""Small, with all that the schema of a grade is made of: some servers take schemas, and not every one."""
_MESSAGES = (("system", "You test a connection. Reply with JSON."), ("user", 'Reply with this JSON object: {"ok": true, "seen": []}'))


async def negotiate(client: Client, settings: LlmSettings, dialect: Dialect) -> tuple[Dialect, Completion]:
    """Return how the server wants to be asked, and its last reply.

    A server that refuses a way of asking is asked in a weaker one, unless the settings name the reply mode.

    Raises
    ------
    GraderUnavailableError
        With one line that says what is wrong and what to do.
    """
    for _ in range(_STEPS):
        try:
            completion = await _ask(client, settings, dialect)
        except CallError as fault:
            other = dialect.without(fault.message.lower(), fault.param) if fault.failure == "refused" else None
            if other is None or (other.mode != dialect.mode and settings.reply_mode != "auto"):
                raise unavailable(fault, settings) from fault
            dialect = other
            continue
        weaker = dialect.weaker()
        if settings.reply_mode == "auto" and weaker and not _is_json(completion):
            dialect = weaker
            continue
        return dialect, completion
    raise GraderUnavailableError(f"the server at {endpoint(settings)} refuses every way of asking", fix="set CLEARBAR_LLM__REPLY_MODE")


async def _ask(client: Client, settings: LlmSettings, dialect: Dialect) -> Completion:
    fields = dialect.fields(dict(_SCHEMA), tokens=_TOKENS, temperature=settings.temperature, seed=settings.seed)
    for attempt in range(1, _TRIES + 1):
        try:
            async with asyncio.timeout(min(PROBE_SECONDS, settings.timeout)):
                return await client.complete(_MESSAGES, fields)
        except (CallError, TimeoutError) as error:
            fault = error if isinstance(error, CallError) else classify(error)
            hopeless = not fault.again or fault.failure == "timed out" or (fault.outage and fault.status is None)
            if hopeless or attempt == _TRIES:
                raise fault from error
            await asyncio.sleep(min(5.0, fault.wait if fault.wait is not None else 0.3 * attempt))
    raise AssertionError  # pragma: no cover - the last try returns or raises


def _is_json(completion: Completion) -> bool:
    """Whether the reply kept to its shape; a reply that was cut off may have been on its way to it."""
    if completion.finish_reason == "length":
        return True
    try:
        return isinstance(orjson.loads(completion.content or ""), dict)
    except orjson.JSONDecodeError:
        return False


def unavailable(fault: CallError, settings: LlmSettings) -> GraderUnavailableError:
    """Return the one line that a person reads."""
    what, fix = _diagnose(fault, settings)
    status = f" ({fault.status})" if fault.status else ""
    return GraderUnavailableError(f"{what}{status}", fix=fix)


def _diagnose(fault: CallError, settings: LlmSettings) -> tuple[str, str]:
    """Return what is wrong and what to do about it."""
    server, model = f"the LLM server at {endpoint(settings)}", settings.model
    base = "check OPENAI_BASE_URL or CLEARBAR_LLM__BASE_URL; it usually ends in /v1"
    unread = f"{base}; or it cannot stream: unset CLEARBAR_LLM__STREAM" if settings.stream else base
    about_model = "model" in fault.message.lower() or "model" in (fault.code or "") or fault.param == "model"
    cases = (
        (fault.status == 401, f"{server} refuses the key", "check OPENAI_API_KEY or CLEARBAR_LLM__API_KEY"),  # noqa: PLR2004
        (fault.status == 402, f"{server} wants to be paid first", "check the account"),  # noqa: PLR2004
        (fault.status == 403, f"the key may not use model {model!r} at {endpoint(settings)}", "check what the key permits"),  # noqa: PLR2004
        (fault.fatal and fault.limited, f"the quota at {endpoint(settings)} is exhausted", "check plan and billing with the provider"),
        (about_model, f"{server} does not take model {model!r}", "check CLEARBAR_LLM__MODEL"),
        (fault.status in {404, 405, 501}, f"there is no LLM at {endpoint(settings)}", base),
        (fault.failure == "unread", f"what answers at {endpoint(settings)} is no LLM server", unread),
        (fault.failure == "timed out", f"{server} does not answer in time", "try again later, or use --grader rules"),
        (fault.status is None, f"{server} cannot be reached", base),
    )
    found = next(((what, fix) for holds, what, fix in cases if holds), None)
    return found or (f"{server} does not work", "try again later, or use --grader rules")


def mode_note(dialect: Dialect) -> str | None:
    """Return what is said about a server that keeps to no JSON schema; None if it does."""
    if dialect.mode is ReplyMode.JSON_SCHEMA:
        return None
    return f"the server does not keep replies to a JSON schema; asked by {dialect.mode} instead, every reply is checked all the same"
