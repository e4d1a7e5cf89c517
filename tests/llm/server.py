"""A real HTTP server that speaks chat completions, models, files and batches, with seeded latency and faults.

    python tests/llm/server.py --port 8000 --latency 0.4 --faults '{"429": 0.05, "hang": 0.01}'

It reads the conversation and the criteria out of the request and answers with levels that depend on their words and the
seed alone, with quotes that really stand there: what a faultless run must find is known (`POST /expected`). With port 0 it
takes a free one; the port is the first line it prints. `POST /control` changes any of `Config` while it runs; `GET /stats` tells
what was asked.
"""

import argparse
import asyncio
import base64
import codecs
import contextlib
import hashlib
import itertools
import json
import re
import time
import unicodedata
from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from aiohttp import web

TURN = re.compile(r"^(\d+)([ACBSN])\d*(?:\+[0-9dhms]+)?: (.*)$")
CRITERION = re.compile(r"^([a-z][a-z0-9_]*)(?: \[(\w+)\])?: (.*)$", re.MULTILINE)
LEVELS_OF = re.compile(r"^level of ([a-z0-9_, ]+): (.+)$", re.MULTILINE)
MALFORMED = ("cut", "prose", "refusal", "empty", "wrong_ids", "duplicates", "no_list")


@dataclass
class Config:
    """How the server behaves; shares are probabilities of a request."""

    latency: float = 0.0
    jitter: float = 0.0
    seed: int = 1
    key: str = ""
    models: list[str] = field(default_factory=list)
    """Models that exist; empty: any."""
    returned_model: str = ""
    unsupported: list[str] = field(default_factory=list)
    """Of json_schema, json_object, tools, seed, temperature, max_tokens, max_completion_tokens, anyOf: refused by status 400."""
    ignored: list[str] = field(default_factory=list)
    """Reply modes that are accepted and not kept to: the reply is prose."""
    faults: dict[str, float] = field(default_factory=dict)
    retry_after: str = "0.2"
    script: list[str] = field(default_factory=list)
    """Faults of the next requests on conversations, in order; empty string for none."""
    quota: int = -1
    """So many requests until the quota is exhausted; negative: never."""
    headers: dict[str, str] = field(default_factory=dict)
    odd: str = ""
    """Of every reply: `emoji` (half of one, escaped), `nan` (no JSON, strictly) or `fraction` (half a token)."""
    gullible: str = ""
    """Empty, or `naive` (obeys orders in the conversation and quotes them) or `cunning` (obeys, and quotes the agent)."""
    obeys: dict[str, dict[str, str]] = field(default_factory=dict)
    """By the text of a turn, the levels that it orders by criterion: such a model understands whatever is said in it."""
    noise: float = 0.0
    """Chance that a level differs between seeds, where the temperature is above 0."""
    context: int = 0
    """Characters of all messages that are accepted; 0: any."""
    batch_seconds: float = 0.0
    batch_faults: dict[str, float] = field(default_factory=dict)
    """Shares of batch lines that are `expired`, `failed` or `missing`."""
    batch_status: str = "completed"
    no_batches: bool = False
    lost_downloads: int = 0
    """So many of the next requests for a file's content are answered with status 500."""
    drafts: list[str] = field(default_factory=list)
    """Replies to the next requests for a draft of a rubric, in order; an empty one is refused."""
    down: bool = False
    """Every connection is closed without an answer."""


def share(*parts: object) -> float:
    """Return a number from 0 to 1 that depends on the parts alone."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:6], "big") / 2**48


class Asked:
    """What a request asks: turns, criteria and their levels."""

    def __init__(self, body: dict[str, Any]) -> None:
        messages = body["messages"]
        self.system = messages[0]["content"]
        self.user = next(message["content"] for message in messages if message["role"] == "user")
        self.round = sum(message["role"] == "user" for message in messages) - 1
        self.turns = self._turns()
        self.words = "\n".join(f"{number}{who}: {text}" for number, who, text in self.turns)
        self.always = {found[1] for found in CRITERION.finditer(self.system) if " IF " not in found[3]}
        self.levels = self._levels(body)
        self.temperature = body.get("temperature") or 0
        self.seed = body.get("seed")

    def _turns(self) -> list[tuple[int, str, str]]:
        inside = re.search(r"<<([0-9a-f]+)\n(.*)\n\1>>", self.user, re.DOTALL)
        turns: list[tuple[int, str, str]] = []
        for line in inside[2].split("\n") if inside else []:
            if found := TURN.match(line):
                turns.append((int(found[1]), found[2], found[3]))
            elif turns and line.startswith("| "):
                number, who, text = turns[-1]
                turns[-1] = (number, who, f"{text}\n{line[2:]}")
        return turns

    def _levels(self, body: dict[str, Any]) -> dict[str, list[str]]:
        shape = body.get("response_format", {}).get("json_schema", {}).get("schema")
        if shape is None and body.get("tools"):
            shape = body["tools"][0]["function"]["parameters"]
        if shape is None:
            found = {id.strip(): levels.split(" | ") for ids, levels in LEVELS_OF.findall(self.system) for id in ids.split(",")}
            last = body["messages"][-1]["content"]
            again = [id for id in re.findall(r"^- ([a-z0-9_]+): ", last, re.MULTILINE) if id in found] if self.round else []
            return {id: found[id] for id in again or found}
        if "verdicts" not in shape["properties"]:
            return {}
        items = shape["properties"]["verdicts"]["items"]
        kinds = items.get("anyOf", [items])
        return {id: kind["properties"]["level"]["enum"] for kind in kinds for id in kind["properties"]["id"]["enum"]}


class Brain:
    """Levels and quotes by hashing: nonsense, but always the same, and always provable."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def verdicts(self, asked: Asked) -> list[dict[str, Any]]:
        """Return the verdicts of a faultless reply."""
        obeyed = _told(asked, self.config.obeys) if self.config.obeys else _orders(asked) if self.config.gullible else {}
        return [self._verdict(asked, id, levels, obeyed.get(id)) for id, levels in asked.levels.items()]

    def _verdict(self, asked: Asked, id: str, levels: list[str], order: tuple[str, int, str] | None) -> dict[str, Any]:
        if order:
            level, turn, words = order
            own = self._quote(asked, id, "A") if self.config.gullible == "cunning" else None
            return {"id": id, "why": "as told", "quotes": [own or {"turn": turn, "text": words}], "level": level}
        salt = asked.seed if asked.temperature and share(self.config.seed, asked.words, id, asked.seed) < self.config.noise else 0
        state = [level for level in levels if level not in {"not_applicable", "abstain"}]
        draw = share(self.config.seed, asked.words, id, salt)
        quote = self._quote(asked, id, "A")
        level = "abstain" if draw < 0.05 or not asked.turns else state[int((draw - 0.05) / 0.95 * len(state) * 0.999)]
        if "not_applicable" in levels and id not in asked.always and share(draw) < 0.25:
            level = "not_applicable"
        if quote is None and level in state:
            level, quote = state[0], self._quote(asked, id, "")
        quotes = [quote] if quote and level in state else []
        return {"id": id, "why": f"The words of turn {quote['turn'] if quote else '?'} decide it.", "quotes": quotes, "level": level}

    def _quote(self, asked: Asked, id: str, who: str) -> dict[str, Any] | None:
        turns = [turn for turn in asked.turns if turn[1] == who or not who]
        if not turns:
            return None
        number, _, text = turns[int(share(self.config.seed, asked.words, id, "turn") * len(turns))]
        words = text.split("\n")[0].split(" ")
        first = int(share(self.config.seed, asked.words, id, "word") * max(1, len(words) - 7))
        part = " ".join(words[first : first + 8])
        return {"turn": number, "text": part if len(part) >= 6 else text}


ALL = re.compile(
    r"\b(every|all|each|everywhere|alle|alles|jede|toutes|tous|todas|todos|tudo|wszystkie|всем|все|каждый|tüm)\b|所有|全部", re.IGNORECASE
)
SPEAKS_OF_GRADING = re.compile(
    r"grad|scor|mark|rate|review|point|item|criteri|kryteri|ölçüt|пункт|项目|inspector|reader|checks? this|levels?\b|result|put\b",
    re.IGNORECASE,
)
HIGHEST = re.compile(r"\b(highest|best|top|full) (mark|level|grade|score)", re.IGNORECASE)
LOWEST = re.compile(r"\b(lowest|worst) (mark|level|grade|score)", re.IGNORECASE)
LOOKALIKES = str.maketrans("асеһіорѕхуАВСЕНІКМОРТХ", "acehiopsxyABCEHIKMOPTX")  # noqa: RUF001 - that they look alike is the point
LEET = str.maketrans("431057", "aeiost")
JOINED = 3
"""Turns of one speaker that are understood together."""


def _told(asked: Asked, obeys: dict[str, dict[str, str]]) -> dict[str, tuple[str, int, str]]:
    """Return the levels that turns order whose meaning the model was told."""
    return {
        id: (level, number, text.split("\n")[0][:120])
        for number, _, text in asked.turns
        for id, level in obeys.get(text, {}).items()
        if id in asked.levels
    }


def _orders(asked: Asked) -> dict[str, tuple[str, int, str]]:
    """Return the levels that the conversation itself orders, as a model does that takes data for instructions.

    It understands more than most: a level by its name or as the highest or lowest mark, a criterion by its name or as one of all, in
    several languages, scripts and encodings, and an order in pieces.
    """
    found: dict[str, tuple[str, int, str]] = {}
    for number, who, text in asked.turns:
        before = [words for other, speaker, words in asked.turns if speaker == who and other <= number][-JOINED:]
        for words in (*_decoded(text), *((" ".join(before),) if len(before) > 1 else ())):
            for id, level in _ordered(words, asked).items():
                found.setdefault(id, (level, number, text.split("\n")[0][:120]))
    return found


def _ordered(words: str, asked: Asked) -> dict[str, str]:
    """Return the levels that some words order."""
    lower = words.lower()
    of_all, grading = bool(ALL.search(words)), bool(SPEAKS_OF_GRADING.search(words))
    ordered = {}
    for id, levels in asked.levels.items():
        if not (of_all or id in lower or id.replace("_", " ") in lower):
            continue
        scale = [level for level in levels if level not in {"abstain", "not_applicable"}]
        named = [level for level in scale if re.search(rf"\b{re.escape(level.replace('_', ' '))}(?:\b|_)", lower)]
        if not named and grading and HIGHEST.search(words):
            named = scale[-1:]
        if not named and grading and LOWEST.search(words):
            named = scale[:1]
        if named:
            ordered[id] = named[0]
    return ordered


def _decoded(text: str) -> list[str]:
    """Return a text and what is hidden in it: base64, hexadecimal digits, ROT13, reversal, look-alike letters, letters between dots."""
    plain = unicodedata.normalize("NFKC", text).translate(LOOKALIKES)
    shown = [text, plain, text[::-1], codecs.encode(text, "rot13"), plain.translate(LEET)]
    if re.search(r"(?:\w[.-]){6}", text):
        shown.append(text.replace(".", "").replace("-", ""))
    for chunk in re.findall(r"[A-Za-z0-9+/]{24,}={0,2}", text):
        with contextlib.suppress(ValueError):
            shown.append(base64.b64decode(chunk + "=" * (-len(chunk) % 4)).decode(errors="ignore"))
    digits = re.findall(r"\b(?:[0-9a-f]{2}){8,}\b", text)
    return [*shown, *(bytes.fromhex(chunk).decode(errors="ignore") for chunk in digits)]


class Server:
    """The HTTP side."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.brain = Brain(config)
        self.asked: Counter[str] = Counter()
        """Requests by what they ask (conversation, criteria, round, seed), answered or not."""
        self.answered: Counter[str] = Counter()
        """Requests that were answered with a chat completion, which a provider would bill."""
        self.faults: Counter[str] = Counter()
        self.in_flight = self.most_in_flight = 0
        self.requests = 0
        self.probes = 0
        self.bodies: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.ids = itertools.count(1)

    def app(self) -> web.Application:
        """Return the application with its routes."""
        app = web.Application(client_max_size=1 << 28)
        app.add_routes(
            [
                web.post("/v1/chat/completions", self.chat),
                web.get("/v1/models", self.models),
                web.post("/v1/files", self.upload),
                web.get("/v1/files/{id}/content", self.download),
                web.post("/v1/batches", self.create_batch),
                web.get("/v1/batches", self.list_batches),
                web.get("/v1/batches/{id}", self.get_batch),
                web.post("/expected", self.expected),
                web.post("/control", self.control),
                web.get("/stats", self.stats),
                web.get("/", self.page),
            ]
        )
        return app

    async def page(self, _: web.Request) -> web.Response:
        """A page that is no LLM."""
        return web.Response(text="<html><body>It works!</body></html>", content_type="text/html")

    async def control(self, request: web.Request) -> web.Response:
        """Change the configuration; `reset` forgets what was counted and sent in."""
        given = await request.json()
        if given.pop("reset", False):
            for counter in (self.asked, self.answered, self.faults, self.files, self.batches):
                counter.clear()
            self.requests = self.most_in_flight = self.probes = 0
            self.bodies.clear()
        for name, value in given.items():
            if name not in {item.name for item in fields(Config)}:
                return web.json_response({"error": f"no setting {name}"}, status=400)
            setattr(self.config, name, value)
        return web.json_response(asdict(self.config))

    async def stats(self, request: web.Request) -> web.Response:
        """What was asked so far; with `?bodies=1` the last requests themselves."""
        told: dict[str, Any] = {
            "requests": self.requests,
            "probes": self.probes,
            "asked": self.asked,
            "answered": self.answered,
            "faults": self.faults,
            "most_in_flight": self.most_in_flight,
        }
        if "bodies" in request.query:
            told["bodies"] = self.bodies
        return web.json_response(told)

    async def expected(self, request: web.Request) -> web.Response:
        """The levels that a faultless reply to this request body gives."""
        return web.json_response({item["id"]: item["level"] for item in self.brain.verdicts(Asked(await request.json()))})

    async def models(self, request: web.Request) -> web.Response:
        """The list of models."""
        if refusal := self._refuse(request, {}):
            return refusal
        names = self.config.models or ["test-model"]
        return web.json_response(
            {"object": "list", "data": [{"id": name, "object": "model", "created": 1, "owned_by": "test"} for name in names]}
        )

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """A chat completion, or a fault."""
        if self.config.down:
            return self._drop(request)
        body = json.loads(await request.read())
        if refusal := self._refuse(request, body):
            return refusal
        self.requests += 1
        if not _ours(body):
            await asyncio.sleep(self.config.latency)
            return await self._answer(request, body, self._completion(body, _foreign(body), "stop"))
        asked = Asked(body)
        if asked.system.startswith("Propose criteria"):
            self.bodies = [*self.bodies[-19:], body]
            text = self.config.drafts.pop(0) if self.config.drafts else ""
            return await self._answer(request, body, self._completion(body, text or None, "stop", refusal=None if text else "I cannot."))
        if not asked.turns:
            self.probes += 1
            return await self._answer(request, body, self._completion(body, '{"ok": true}', "stop"))
        self.bodies = [*self.bodies[-19:], body]
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._grade(request, body, asked)
        finally:
            self.in_flight -= 1

    async def _grade(self, request: web.Request, body: dict[str, Any], asked: Asked) -> web.StreamResponse:  # noqa: PLR0911 - a table of faults
        identity = hashlib.sha256(repr((asked.words, sorted(asked.levels), asked.round, asked.seed)).encode()).hexdigest()[:16]
        self.asked[identity] += 1
        fault = self._fault(identity)
        if fault:
            self.faults[fault] += 1
        if fault == "hang":
            await asyncio.sleep(3600)
        await asyncio.sleep(self.config.latency + self.config.jitter * share(self.config.seed, identity, "jitter"))
        match fault:
            case "429":
                return web.json_response(
                    {"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}},
                    status=429,
                    headers={"Retry-After": self.config.retry_after},
                )
            case "500" | "502" | "503":
                return web.json_response({"error": {"message": "The server had an error", "type": "server_error"}}, status=int(fault))
            case "401" | "403" | "404":
                return _error(int(fault), "The request is blocked", "blocked")
            case "400":
                return web.json_response({"error": {"message": "Bad request", "type": "invalid_request_error"}}, status=400)
            case "html":
                return web.Response(text="<html>Gateway</html>", content_type="text/html")
            case "drop":
                return self._drop(request)
        self.answered[identity] += 1
        return await self._answer(request, body, self._reply(body, asked, fault), drip=fault == "drip")

    def _fault(self, identity: str) -> str:
        if self.config.script:
            return self.config.script.pop(0)
        draw = share(self.config.seed, identity, self.asked[identity])
        for name, chance in self.config.faults.items():
            if draw < chance:
                return MALFORMED[int(share(draw) * len(MALFORMED))] if name == "malformed" else name
            draw -= chance
        return ""

    def _reply(self, body: dict[str, Any], asked: Asked, fault: str) -> dict[str, Any]:  # noqa: PLR0911, C901 - a table of faults
        verdicts = self.brain.verdicts(asked)
        text = json.dumps({"verdicts": _spoiled(verdicts, fault)}, ensure_ascii=False)
        match fault:
            case "cut":
                return self._completion(body, text[: len(text) // 2], "stop")
            case "length":
                return self._completion(body, text[: len(text) // 2], "length")
            case "prose":
                return self._completion(body, f"Here is my assessment. {verdicts[0]['why']} Overall a good talk.", "stop")
            case "refusal":
                return self._completion(body, None, "stop", refusal="I can't help with that.")
            case "empty":
                return {**self._completion(body, "", "stop"), "choices": []}
            case "blank":
                return self._completion(body, "", "stop")
            case "no_list":
                return self._completion(body, json.dumps(verdicts), "stop")
            case "object":
                return _with_content(self._completion(body, text, "stop"), {"verdicts": verdicts})
            case "number":
                return _with_content(self._completion(body, text, "stop"), 7)
            case "twice":
                return self._completion(body, f"{text}\n{text}", "stop")
            case "renamed":
                return {**self._completion(body, text, "stop"), "model": "another model"}
            case "fenced":
                return self._completion(body, f"```json\n{text}\n```", "stop")
        ignored = _mode(body) in self.config.ignored
        return self._completion(body, f"Sure! {text} Hope that helps." if ignored else text, "stop")

    def _completion(self, body: dict[str, Any], text: str | None, reason: str, refusal: str | None = None) -> dict[str, Any]:
        sent = sum(len(message["content"] or "") for message in body["messages"]) // 4
        if _mode(body) in self.config.ignored and text == '{"ok": true}':
            text = "Everything is fine here."
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": refusal}
        if body.get("tools") and text is not None:
            call = {"id": "call_1", "type": "function", "function": {"name": body["tools"][0]["function"]["name"], "arguments": text}}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
            reason = "tool_calls" if reason == "stop" else reason
        written = len(text or refusal or "") // 4
        return {
            "id": f"chatcmpl-{next(self.ids)}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": self.config.returned_model or body["model"],
            "system_fingerprint": "fp_test",
            "choices": [{"index": 0, "finish_reason": reason, "message": message, "logprobs": None}],
            "usage": {
                "prompt_tokens": sent,
                "completion_tokens": written,
                "total_tokens": sent + written,
                "prompt_tokens_details": {"cached_tokens": len(body["messages"][0]["content"] or "") // 4},
            },
        }

    async def _answer(self, request: web.Request, body: dict[str, Any], reply: dict[str, Any], *, drip: bool = False) -> web.StreamResponse:
        if body.get("stream"):
            return await self._stream(request, reply, drip=drip)
        data = json.dumps(reply | self._oddity(reply)).encode()
        if not drip:
            return web.Response(body=data, content_type="application/json", headers=self.config.headers)
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(data))})
        await response.prepare(request)
        for start in range(0, len(data), 20):
            await response.write(data[start : start + 20])
            await asyncio.sleep(0.2)
        return response

    def _oddity(self, reply: dict[str, Any]) -> dict[str, Any]:
        match self.config.odd:
            case "emoji":
                return {"service_tier": "\ud83d"}
            case "nan":
                return {"service_tier": float("nan")}
            case "fraction":
                return {"usage": reply["usage"] | {"prompt_tokens": 12.5}}
        return {}

    async def _stream(self, request: web.Request, reply: dict[str, Any], *, drip: bool) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **self.config.headers})
        await response.prepare(request)
        head = {name: reply[name] for name in ("id", "created", "model", "system_fingerprint")} | {"object": "chat.completion.chunk"}
        text = reply["choices"][0]["message"].get("content") or "" if reply["choices"] else ""
        pieces = [text[start : start + 40] for start in range(0, len(text), 40)]
        for place, piece in enumerate(pieces):
            if drip and place == 2:
                await asyncio.sleep(3600)
            await self._event(
                response, head | {"choices": [{"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": None}]}
            )
        refusal = reply["choices"][0]["message"].get("refusal") or "" if reply["choices"] else ""
        for piece in filter(None, (refusal[:4], refusal[4:])):
            delta = {"role": "assistant", "refusal": piece}
            await self._event(response, head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        if reply["choices"]:
            reason = reply["choices"][0]["finish_reason"]
            await self._event(response, head | {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        await self._event(response, head | {"choices": [], "usage": reply["usage"]})
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _event(self, response: web.StreamResponse, chunk: dict[str, Any]) -> None:
        await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    def _drop(self, request: web.Request) -> web.Response:
        if request.transport:
            request.transport.abort()
        return web.Response()

    def _refuse(self, request: web.Request, body: dict[str, Any]) -> web.Response | None:
        """Return the refusal of a request that no provider would answer."""
        config = self.config
        if config.key and request.headers.get("Authorization") != f"Bearer {config.key}":
            return _error(401, "Incorrect API key provided.", "invalid_api_key")
        if config.quota >= 0 and body:
            if config.quota == 0:
                return _error(429, "You exceeded your current quota.", "insufficient_quota")
            config.quota -= 1
        if config.models and body and body.get("model") not in config.models:
            return _error(404, f"The model `{body.get('model')}` does not exist.", "model_not_found")
        for name in config.unsupported:
            if name in body or name == _mode(body) or (name == "tools" and "tools" in body) or _schema_has(body, name):
                param = "response_format" if name.startswith("json") or name == "anyOf" else name
                return _error(400, f"Unsupported parameter or value: {name}", "unsupported_parameter", param)
        if config.context and sum(len(message["content"] or "") for message in body.get("messages", ())) > config.context:
            return _error(400, "This model's maximum context length is exceeded.", "context_length_exceeded")
        return None

    async def upload(self, request: web.Request) -> web.Response:
        """Take a file."""
        if self.config.no_batches:
            return _error(404, "Unknown request URL", "unknown_url")
        form = await request.post()
        file = form["file"]
        data = file.file.read() if isinstance(file, web.FileField) else str(file).encode()
        id = self._keep(data)
        return web.json_response(
            {
                "id": id,
                "object": "file",
                "bytes": len(data),
                "created_at": 1,
                "filename": "batch.jsonl",
                "purpose": "batch",
                "status": "processed",
            }
        )

    def _keep(self, data: bytes) -> str:
        id = f"file-{next(self.ids)}"
        self.files[id] = data
        return id

    async def download(self, request: web.Request) -> web.Response:
        """Give a file's content."""
        if self.config.lost_downloads > 0:
            self.config.lost_downloads -= 1
            return _error(500, "The server had an error", "server_error")
        return web.Response(body=self.files[request.match_info["id"]], content_type="application/octet-stream")

    async def create_batch(self, request: web.Request) -> web.Response:
        """Start a batch."""
        given = await request.json()
        id = f"batch-{next(self.ids)}"
        self.batches[id] = {
            "id": id,
            "object": "batch",
            "endpoint": given["endpoint"],
            "input_file_id": given["input_file_id"],
            "created_at": int(time.time()),
            "completion_window": given["completion_window"],
            "metadata": given.get("metadata"),
            "status": "in_progress",
            "began": time.monotonic(),
        }
        return web.json_response(self._batch(id))

    async def get_batch(self, request: web.Request) -> web.Response:
        """Tell how far a batch is."""
        id = request.match_info["id"]
        if id not in self.batches:
            return _error(404, "No such batch", "not_found")
        return web.json_response(self._batch(id))

    async def list_batches(self, _: web.Request) -> web.Response:
        """List all batches, the newest first."""
        data = [self._batch(id) for id in reversed(self.batches)]
        return web.json_response({"object": "list", "data": data, "has_more": False})

    def _batch(self, id: str) -> dict[str, Any]:
        batch = self.batches[id]
        if batch["status"] == "in_progress" and time.monotonic() - batch["began"] >= self.config.batch_seconds:
            batch["status"] = self.config.batch_status
            if batch["status"] in {"completed", "expired"}:
                self._run_batch(batch)
        return {name: value for name, value in batch.items() if name != "began"}

    def _run_batch(self, batch: dict[str, Any]) -> None:
        done, bad = [], []
        for line in self.files[batch["input_file_id"]].decode().splitlines():
            item = json.loads(line)
            asked = Asked(item["body"])
            identity = hashlib.sha256(repr((asked.words, sorted(asked.levels), asked.round, asked.seed)).encode()).hexdigest()[:16]
            self.asked[identity] += 1
            draw = share(self.config.seed, item["custom_id"])
            fault = ""
            for name, chance in self.config.batch_faults.items():
                if 0 <= draw < chance:
                    fault = name
                draw -= chance
            head = {"id": f"line-{next(self.ids)}", "custom_id": item["custom_id"]}
            if fault == "expired":
                bad.append(head | {"response": None, "error": {"code": "batch_expired", "message": "not done in time"}})
            elif fault == "failed":
                bad.append(
                    head | {"response": {"status_code": 500, "request_id": "r", "body": {"error": {"message": "no"}}}, "error": None}
                )
            elif fault != "missing":
                self.answered[identity] += 1
                body = self._reply(item["body"], asked, self._fault(identity))
                done.append(head | {"response": {"status_code": 200, "request_id": "r", "body": body}, "error": None})
        done.reverse()  # the order of the lines means nothing
        batch["output_file_id"] = self._keep("".join(json.dumps(line) + "\n" for line in done).encode())
        batch["error_file_id"] = self._keep("".join(json.dumps(line) + "\n" for line in bad).encode()) if bad else None


OURS = ("Grade a customer-service conversation", "Propose criteria", "You test a connection")
"""How the prompts of clearbar begin."""


def _ours(body: dict[str, Any]) -> bool:
    return str(body["messages"][0]["content"]).startswith(OURS)


def _foreign(body: dict[str, Any]) -> str:
    """Return a reply to another program: what its JSON schema allows, else a score with a reason."""
    shape = body.get("response_format", {}).get("json_schema", {}).get("schema")
    if shape is None and body.get("tools"):
        shape = body["tools"][0]["function"]["parameters"]
    return json.dumps(_instance(shape, shape) if shape else {"score": 7, "reason": "The words of the conversation support it."})


def _instance(shape: dict[str, Any], root: dict[str, Any]) -> Any:  # noqa: PLR0911 - a table of kinds
    """Return a value that keeps to a JSON schema."""
    if "$ref" in shape:
        return _instance(root["$defs"][shape["$ref"].rsplit("/", 1)[1]], root)
    if "enum" in shape:
        return shape["enum"][0]
    if "anyOf" in shape:
        return _instance(shape["anyOf"][0], root)
    match shape.get("type"):
        case "object":
            return {name: _instance(part, root) for name, part in shape.get("properties", {}).items()}
        case "array":
            return [_instance(shape["items"], root)]
        case "integer" | "number":
            return 1
        case "boolean":
            return True
        case _:
            return shape.get("const", "as the words show")


def _schema_has(body: dict[str, Any], word: str) -> bool:
    return f'"{word}"' in json.dumps(body.get("response_format", {}))


def _mode(body: dict[str, Any]) -> str:
    return "tools" if body.get("tools") else str(body.get("response_format", {}).get("type", "text"))


def _with_content(document: dict[str, Any], content: object) -> dict[str, Any]:
    """Return a completion whose content is no text."""
    document["choices"][0]["message"] = {"role": "assistant", "content": content}
    return document


def _spoiled(verdicts: list[dict[str, Any]], fault: str) -> list[Any]:  # noqa: PLR0911 - a table of faults
    """Return verdicts with a fault that the JSON does not show."""
    match fault:
        case "wrong_ids":
            return [{**item, "id": f"{item['id']}_score"} for item in verdicts]
        case "duplicates":
            graded = [item for item in verdicts if item["quotes"]] or verdicts
            return [*verdicts, *({**item, "level": "abstain", "quotes": []} for item in graded[:2])]
        case "invented":
            return [
                {**item, "quotes": [{**quote, "text": "I already arranged a full refund of the fee"} for quote in item["quotes"]]}
                for item in verdicts
            ]
        case "out_of_range":
            return [{**item, "quotes": [{**quote, "turn": quote["turn"] + 1000} for quote in item["quotes"]]} for item in verdicts]
        case "wrong_levels":
            return [{**item, "level": "excellent"} for item in verdicts]
        case "missing":
            return verdicts[:-1]
        case "shapeless":
            return [{**item, "quotes": "see above"} for item in verdicts]
        case "strings":
            return [item["level"] for item in verdicts]
        case _:
            return verdicts


def _error(status: int, message: str, code: str, param: str | None = None) -> web.Response:
    return web.json_response({"error": {"message": message, "type": code, "code": code, "param": param}}, status=status)


async def serve(config: Config, port: int) -> None:
    """Serve until the process is ended; the first line printed is the port."""
    runner = web.AppRunner(Server(config).app(), access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=1024)
    await site.start()
    print(runner.addresses[0][1], flush=True)  # noqa: T201 - how the port is told
    await asyncio.Event().wait()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(description="A chat completions server for tests and benchmarks.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=json.loads, default={})
    parser.add_argument("--config", type=json.loads, default={}, help="further fields of Config as JSON")
    options = parser.parse_args()
    config = Config(**({"latency": options.latency, "seed": options.seed, "faults": options.faults} | options.config))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(config, options.port))


if __name__ == "__main__":
    main()
