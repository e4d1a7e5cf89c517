"""Proposals by an LLM: one article at a time, asked once more where something in a reply cannot be used, by rules where it fails."""

import asyncio
import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from clearbar.articles import Articles
from clearbar.drafting.matching import match_articles
from clearbar.drafting.passages import MAX_QUOTE, ArticleText, split_text
from clearbar.drafting.proposals import Proposals
from clearbar.drafting.reply import draft_schema, read_proposals
from clearbar.errors import ProjectError
from clearbar.grading.llm.asking import window
from clearbar.grading.llm.caller import Budget, Caller, Request
from clearbar.grading.llm.client import Client, untraced
from clearbar.grading.llm.desk import Desk
from clearbar.grading.llm.dialect import Dialect, ReplyMode, default_dialect
from clearbar.grading.llm.faults import CallError
from clearbar.grading.llm.ledger import Ledger, RateLimit, RawReply, Spend
from clearbar.grading.llm.memory import MemoryLedger
from clearbar.grading.llm.prices import load_prices
from clearbar.grading.llm.probe import mode_note, negotiate
from clearbar.grading.llm.prompt import show
from clearbar.grading.llm.reply import Fault, read_object
from clearbar.grading.llm.tokens import estimate_tokens
from clearbar.rubric import Rubric
from clearbar.settings import LlmSettings
from clearbar.verdict import Usage

__all__ = ["ask_articles"]

TEMPLATE: Final = "draft_rubric.md.j2"
FRAME: Final = 60
"""Estimated tokens of roles, marks and the article's name."""
LEAST: Final = 200
"""Estimated tokens of an article below which a request is not worth its words."""
ROUNDS: Final = 2
"""A reply with faults is asked for once more."""
Message = tuple[str, str]


def ask_articles(
    articles: Sequence[ArticleText],
    rubric: Rubric,
    known: Articles,
    settings: LlmSettings,
    *,
    ledger: Ledger,
    prompt_folder: Path,
    note: Callable[[str], None],
) -> tuple[Proposals, Usage]:
    """Return what articles ask for as an LLM reads them, with every quote checked, and what the calls consumed.

    Parameters
    ----------
    articles
        What is read, one request each; one that is longer than the model's window is read in parts. A part whose reply cannot be used
        is read by rules.
    rubric, known
        Criteria, causes and steps whose ids the model may use again.
    ledger
        Whose budgets and rates hold, those of graders too where it is the store's. Replies are not kept in it, being of no conversation.
    note
        Called with lines that a person should see.

    Raises
    ------
    GraderUnavailableError
        If the LLM cannot be used at all.
    """
    with untraced():
        return asyncio.run(_ask_all(articles, _Matter(rubric, known, prompt_folder), settings, ledger, note))


class _Matter(NamedTuple):
    """What the model is told beside the article."""

    rubric: Rubric
    known: Articles
    folder: Path

    def system(self, shape: str) -> str:
        """Return the part of the prompt that is the same for every article."""
        return _render(self.folder, self.rubric, self.known, shape)


async def _ask_all(
    articles: Sequence[ArticleText], matter: _Matter, settings: LlmSettings, ledger: Ledger, note: Callable[[str], None]
) -> tuple[Proposals, Usage]:
    prices = load_prices(matter.folder / "prices.yaml")
    prices.check_budget(settings)
    client, desk = Client(settings), Desk(_Purse(ledger))
    client.prepare()
    try:
        dialect, _ = await negotiate(client, settings, default_dialect(settings))
        if line := mode_note(dialect):
            note(line)
        caller = Caller(client, desk, settings, prices, budget=Budget.of(settings, uuid.uuid4().hex))
        room = window(settings, prices.of(settings.model or "")) - settings.max_output_tokens
        reader = _Reader(caller, settings, dialect, matter, room=room)
        found = await asyncio.gather(*(reader.read(article, note) for article in articles))
    finally:
        await client.close()
        desk.close()
    return sum(found, Proposals()), caller.spent


class _Purse(MemoryLedger):
    """A ledger that keeps replies to itself and shares what may be spent."""

    def __init__(self, shared: Ledger) -> None:
        super().__init__()
        self._shared = shared

    def spend(self, budget: str, amount: Spend, limit: Spend) -> bool:
        """See `Ledger.spend`."""
        return self._shared.spend(budget, amount, limit)

    def take(self, bucket: str, requests: int, tokens: int, limit: RateLimit) -> float:
        """See `Ledger.take`."""
        return self._shared.take(bucket, requests, tokens, limit)


class _Reader:
    """Asks about articles."""

    def __init__(self, caller: Caller, settings: LlmSettings, dialect: Dialect, matter: _Matter, *, room: int) -> None:
        self._caller = caller
        self._rubric, self._known = matter.rubric, matter.known
        self._room = room
        self._output = settings.max_output_tokens
        schema = draft_schema(matter.rubric)
        self._fields = dialect.fields(schema, tokens=self._output, temperature=settings.temperature, seed=settings.seed)
        shaped = dialect.mode in {ReplyMode.JSON_OBJECT, ReplyMode.TEXT}
        self._system = matter.system(orjson.dumps(schema).decode() if shaped else "")

    async def read(self, article: ArticleText, note: Callable[[str], None]) -> Proposals:
        """Return what one article asks for, from all its parts together."""
        room = self._room - estimate_tokens(self._system) - FRAME
        if room < LEAST:
            note(f"{article.file}: what is known already fills the model's window, so rules read it")
            return self._by_rules(article)
        parts = split_text(article.text, room)
        if len(parts) > 1:
            note(f"{article.file}: longer than the model's window, so it was read in {len(parts)} parts")
        return sum(await asyncio.gather(*(self._read(part, article, note) for part in parts)), Proposals())

    async def _read(self, part: str, article: ArticleText, note: Callable[[str], None]) -> Proposals:
        """Return what one part of an article asks for."""
        messages: list[Message] = [("system", self._system), ("user", _fenced(article.file, part))]
        found, faults = Proposals(), dict[str, str]()
        try:
            for number in range(1, ROUNDS + 1):
                reply = await self._caller.ask(self._request(article, part, messages, number))
                more, faults = self._understand(reply, article)
                found += more
                if not faults:
                    break
                messages = [*messages[:2], ("assistant", reply.content or "{}"), ("user", _again(faults))]
        except CallError as fault:
            note(f"{article.file}: {fault.words}{', so rules read it' if found == Proposals() else ''}")
        else:
            for item, wrong in faults.items():
                note(f"{article.file}: left out {item}: {wrong}")
        return found if found != Proposals() else self._by_rules(article.model_copy(update={"text": part}))

    def _understand(self, reply: RawReply, article: ArticleText) -> tuple[Proposals, dict[str, str]]:
        document = read_object(reply)
        if isinstance(document, Fault):
            return Proposals(), {"reply": document.words}
        return read_proposals(document, article, self._rubric, self._known)

    def _by_rules(self, article: ArticleText) -> Proposals:
        return match_articles([article], self._rubric, self._known)

    def _request(self, article: ArticleText, part: str, messages: Sequence[Message], number: int) -> Request:
        return Request(
            grade_key=article.id,
            name=f"draft {hashlib.sha256(part.encode()).hexdigest()[:8]} {number}",
            grader="draft",
            text_hash=hashlib.sha256(article.text.encode()).hexdigest(),
            messages=lambda: messages,
            fields=self._fields,
            input_tokens=estimate_tokens("".join(text for _, text in messages)),
            output_tokens=self._output,
        )


def _render(folder: Path, rubric: Rubric, known: Articles, shape: str) -> str:
    """Return the part of the prompt that is the same for every article."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - only those who render a prompt pay for it

    file = folder / TEMPLATE
    try:
        source = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"the prompt template {file} cannot be read", fix="restore it, or pass --project DIR") from error
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701 - a prompt
    return (
        environment.from_string(source)
        .render(
            max_quote=MAX_QUOTE,
            scale=rubric.scale_of(rubric.criteria[0].id),
            sections=rubric.sections,
            criteria=rubric.criteria,
            causes=known.causes,
            steps=known.steps,
            shape=shape,
        )
        .rstrip()
    )


def _fenced(file: str, text: str) -> str:
    """Return an article, or a part of it, between two lines with a mark that depends on its whole text, which it can hardly hold."""
    mark = hashlib.sha256(text.encode()).hexdigest()[:10]
    return f"The article {show(file)}:\n<<{mark}\n{show(text.strip())}\n{mark}>>"


def _again(faults: Mapping[str, Any]) -> str:
    lines = "\n".join(f"- {item}: {show(str(wrong))}" for item, wrong in faults.items())
    mend = "Reply anew in full shape, with these items mended or left out; others need not be repeated."
    return f"Parts of your reply cannot be used:\n{lines}\n{mend}"
