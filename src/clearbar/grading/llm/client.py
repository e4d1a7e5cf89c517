"""One chat completion by langchain's `ChatOpenAI`, over one shared connection pool."""

import gc
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from clearbar.grading.llm.access import check_access, read_key, unusable_address
from clearbar.grading.llm.faults import CallError, classify
from clearbar.settings import LlmSettings

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

__all__ = ["Client", "Completion", "untraced"]

GARBAGE = 20_000
"""New objects after which Python looks for cycles among them: with its 700 a fifth of a call's processor time goes there."""
NO_KEY = "none"
"""Sent to servers for which no key is set; the library insists on one."""


def untraced() -> AbstractContextManager[None]:
    """Keep what is sent from LangChain's tracing, whatever the environment says: it goes to the model, and nowhere else."""
    from langsmith import tracing_context  # noqa: PLC0415 - heavy

    return tracing_context(enabled=False)


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back."""

    content: str | None
    refusal: str | None = None
    finish_reason: str | None = None
    model: str = ""
    system_fingerprint: str | None = None
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0
    headers: Mapping[str, str] = field(default_factory=dict)


class Client:
    """A chat model with its connections; used on one event loop.

    The request's shape goes into `extra_body` rather than through `with_structured_output` or `response_format`: those
    make the library parse the reply, which repairs cut JSON in silence, or raises and loses a reply that was paid for.
    So the library carries the request and the raw reply (see `raw`), and `reply` reads it; the response's headers come along.
    """

    def __init__(self, settings: LlmSettings) -> None:
        self._settings = settings
        self._made: ChatOpenAI | None = None

    def prepare(self) -> None:
        """Load the libraries and make the client: seconds of work, which no call's deadline should pay for.

        Raises
        ------
        GraderUnavailableError
            If the server's address or the key cannot be one.
        """
        if self._made is not None:
            return
        check_access(self._settings)
        import httpx2  # noqa: PLC0415 - heavy
        from langchain_core.messages import AIMessage, HumanMessage, SystemMessage  # noqa: PLC0415 - heavy
        from openai import DefaultAioHttpClient  # noqa: PLC0415 - heavy

        from clearbar.grading.llm.raw import RawChatOpenAI  # noqa: PLC0415 - heavy

        gc.set_threshold(max(GARBAGE, gc.get_threshold()[0]))
        settings = self._settings
        base = settings.base_url or "https://api.openai.com/v1"
        try:
            httpx2.URL(base)
        except httpx2.InvalidURL:
            raise unusable_address("names a host that cannot be one") from None
        read = settings.idle_timeout if settings.stream else settings.timeout
        timeout = httpx2.Timeout(connect=settings.connect_timeout, read=read, write=30, pool=None)
        self._kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
        self._transport = DefaultAioHttpClient(timeout=timeout, limits=httpx2.Limits(max_connections=None))
        self._made = RawChatOpenAI(
            model=settings.model or "",
            base_url=base,
            api_key=SecretStr(read_key(settings) or NO_KEY),
            http_async_client=self._transport,
            timeout=timeout,
            max_retries=0,  # one retry policy: ours
            cache=False,
            use_responses_api=False,
            include_response_headers=True,
            stream_usage=True,
            stream_chunk_timeout=settings.idle_timeout,
        )

    @property
    def _model(self) -> "ChatOpenAI":
        self.prepare()
        if self._made is None:
            raise AssertionError  # pragma: no cover - prepared above
        return self._made

    @property
    def api(self) -> Any:
        """The `AsyncOpenAI` client inside, for files, batches and the list of models."""
        return self._model.root_async_client

    async def complete(self, messages: Sequence[tuple[str, str]], fields: Mapping[str, Any]) -> Completion:
        """Return the reply to messages (role and text).

        Raises
        ------
        CallError
            Where there is none.
        """
        model = self._model
        asked = [self._kinds[role](text) for role, text in messages]
        began = time.perf_counter()
        try:
            if self._settings.stream:
                return await self._stream(model, asked, fields, began)
            metadata = (await model.ainvoke(asked, extra_body=fields)).response_metadata
            return _completion(metadata["document"], metadata["headers"], time.perf_counter() - began)
        except CallError:
            raise
        except Exception as error:
            raise classify(error) from error

    async def _stream(self, model: "ChatOpenAI", asked: Sequence[Any], fields: Mapping[str, Any], began: float) -> Completion:
        pieces: list[str] = []
        last: Any = None
        refusals: list[str] = []
        metadata: dict[str, Any] = {}
        usage: dict[str, Any] = {}
        async for chunk in model.astream(list(asked), extra_body=dict(fields)):
            last = chunk
            pieces.append(str(chunk.content))
            pieces.extend(str(call.get("args") or "") for call in getattr(chunk, "tool_call_chunks", ()))
            refusals.append(chunk.additional_kwargs.get("refusal") or "")
            metadata |= chunk.response_metadata
            usage = dict(chunk.usage_metadata or usage)
        if last is None:
            raise CallError("unread", "the stream ended without a reply", again=True)
        return Completion(
            content="".join(pieces) or None,
            refusal="".join(refusals) or None,
            finish_reason=metadata.get("finish_reason"),
            model=str(metadata.get("model_name", "")),
            system_fingerprint=metadata.get("system_fingerprint"),
            input_tokens=usage.get("input_tokens", 0),
            cached_tokens=(usage.get("input_token_details") or {}).get("cache_read", 0) or 0,
            output_tokens=usage.get("output_tokens", 0),
            seconds=time.perf_counter() - began,
            headers=metadata.get("headers") or {},
        )

    async def close(self) -> None:
        """Close all connections."""
        if self._made is not None:
            await self._transport.aclose()
            self._made = None


def _completion(document: Any, headers: Mapping[str, str], seconds: float) -> Completion:
    """Return what came back; a completion that says nothing that can be read is one all the same, since it is paid for."""
    if not isinstance(document, dict) or not {"choices", "usage"} & document.keys():
        raise TypeError("no chat completion")
    choices, usage = document.get("choices"), _mapping(document.get("usage"))
    choice = _mapping(choices[0] if isinstance(choices, list) and choices else None)
    message = _mapping(choice.get("message"))
    calls = message.get("tool_calls") or ()
    content = message.get("content") or (calls[0]["function"]["arguments"] if calls else None)
    if isinstance(content, list):  # parts, as some servers give them
        content = "".join(str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in content)
    return Completion(
        content=content if content and isinstance(content, str) else None,
        refusal=message.get("refusal"),
        finish_reason=choice.get("finish_reason"),
        model=str(document.get("model") or ""),
        system_fingerprint=document.get("system_fingerprint"),
        input_tokens=_count(usage.get("prompt_tokens")),
        cached_tokens=_count(_mapping(usage.get("prompt_tokens_details")).get("cached_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        seconds=seconds,
        headers=headers,
    )


def _mapping(given: object) -> Mapping[str, Any]:
    return given if isinstance(given, dict) else {}


def _count(given: object) -> int:
    """Return a number of tokens; 0 for what is none."""
    return int(given) if isinstance(given, int | float) and math.isfinite(given) and given > 0 else 0
