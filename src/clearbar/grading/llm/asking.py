"""One conversation's grade: which requests it takes, one round of repair, parts merged, votes counted, verdicts made."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

from clearbar.grading.llm.caller import Caller, Request
from clearbar.grading.llm.dialect import Dialect
from clearbar.grading.llm.faults import CallError
from clearbar.grading.llm.ledger import RawReply
from clearbar.grading.llm.parts import Part, merge_levels, split
from clearbar.grading.llm.prices import Price
from clearbar.grading.llm.prompt import Prompt, schema_tokens
from clearbar.grading.llm.reply import FaultKind, Reader, Reading, Said
from clearbar.grading.llm.schema import ABSTAIN, reply_schema
from clearbar.grading.llm.suspicion import Suspicion
from clearbar.grading.llm.tokens import estimate_tokens
from clearbar.grading.llm.votes import majority
from clearbar.model import Model, digest
from clearbar.rubric import Rubric
from clearbar.settings import LlmSettings
from clearbar.transcript import RedactedTranscript, Role, Turn
from clearbar.verdict import ABSTAINED, NOT_APPLICABLE, UNGRADED, Failure, Grade, GradedBy, GradeFailure, Usage, Verdict, failed

__all__ = ["FRAME_TOKENS", "Asker", "Request", "Sizes", "Wanted", "criteria_groups", "window"]

FRAME_TOKENS = 80
"""Of marks, roles and message frames around a conversation."""
UNSHOWN = frozenset({FaultKind.UNREAD, FaultKind.REFUSED, FaultKind.TRUNCATED})
"""Faults after which the reply itself is not shown to the model again."""


BYTES_A_TOKEN = 3
"""By which budget and pace are reckoned before a call: quick, and rather too much than too little."""
WINDOW = 32_000
"""Tokens that a model is assumed to read where neither settings nor price table say."""


class Sizes(Model):
    """What fits into a request."""

    constants: dict[tuple[str, ...], int]
    """Estimated tokens of the constant part and the schema, by the criteria that are asked together."""
    room: int
    """Estimated tokens that are left for turns."""
    max_parts: int

    @classmethod
    def of(cls, prompt: Prompt, settings: LlmSettings, price: Price | None) -> Self:
        """Return the sizes for one rubric and model."""
        groups = criteria_groups(prompt.rubric, settings)
        constants = {group: estimate_tokens(prompt.constant(group)) + schema_tokens(prompt.rubric, group) for group in groups}
        room = window(settings, price) - max(constants.values()) - settings.max_output_tokens - FRAME_TOKENS
        return cls(constants=constants, room=room, max_parts=settings.max_parts)

    def parts(self, turns: Sequence[Turn]) -> tuple[Part, ...]:
        """Return the parts in which a conversation is read; none if it is too long even in parts."""
        parts = split(turns, self.room)
        return parts if len(parts) <= self.max_parts else ()


def window(settings: LlmSettings, price: Price | None) -> int:
    """Return the tokens that prompt and reply may have together."""
    return settings.context_tokens or (price.context if price else None) or WINDOW


class Wanted(NamedTuple):
    """A grade to be made."""

    transcript: RedactedTranscript
    ids: tuple[str, ...] = ()
    """The criteria to ask about; empty: all."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one request (with its repair) brought of each criterion."""

    said: dict[str, Said]
    failures: dict[str, Failure]


def criteria_groups(rubric: Rubric, settings: LlmSettings) -> tuple[tuple[str, ...], ...]:
    """Return the criteria that are asked together, by the setting `calls`."""
    ids = tuple(criterion.id for criterion in rubric.criteria)
    match settings.calls:
        case "all":
            return (ids,)
        case "each":
            return tuple((id,) for id in ids)
        case "groups":
            sections = [tuple(item.id for item in rubric.criteria if item.section == section.id) for section in rubric.sections]
            return tuple(section for section in sections if section)


class Asker:
    """Turns transcripts into grades."""

    def __init__(self, prompt: Prompt, caller: Caller, settings: LlmSettings, dialect: Dialect, *, fingerprint: str, sizes: Sizes) -> None:
        self._prompt = prompt
        self._rubric = prompt.rubric
        self._caller = caller
        self._settings = settings
        self._dialect = dialect
        self._fingerprint = fingerprint
        self._sizes = sizes
        self._reader = Reader(self._rubric)
        self._suspicion = Suspicion(self._rubric)
        self._order = {criterion.id: place for place, criterion in enumerate(self._rubric.criteria)}
        self._least = {criterion.id: criterion.applies.min_agent_turns for criterion in self._rubric.criteria}
        self._groups = criteria_groups(self._rubric, settings)
        self._fields: dict[tuple[tuple[str, ...], int, int], Mapping[str, Any]] = {}
        self._reading = asyncio.Lock()

    def questions(self, wanted: Wanted) -> list["Question"]:
        """Return what is asked about a conversation; nothing if it is too long."""
        parts, votes = self._sizes.parts(wanted.transcript.turns), range(self._settings.votes)
        groups = self._wanted_groups(wanted)
        return [Question(vote, part, group, ids) for vote in votes for part in parts for group, ids in groups.items()]

    def _wanted_groups(self, wanted: Wanted) -> dict[int, tuple[str, ...]]:
        """Return the criteria to ask about, by the place of the group in which they are asked."""
        chosen = {group: tuple(id for id in ids if not wanted.ids or id in wanted.ids) for group, ids in enumerate(self._groups)}
        return {group: ids for group, ids in chosen.items() if ids}

    def requests(self, wanted: Wanted, key: str) -> list[Request]:
        """Return the first requests about a conversation, as `grade` sends them."""
        session = _Session(wanted, key, {}, 0)
        return [self._request(session, session.name(question), question, None) for question in self.questions(wanted)]

    def body(self, request: Request) -> dict[str, Any]:
        """Return the body of a request."""
        messages = [{"role": role, "content": text} for role, text in request.messages()]
        return {"model": self._settings.model, "messages": messages, **request.fields}

    async def grade(self, wanted: Wanted, key: str, stored: Sequence[RawReply]) -> Grade | GradeFailure:
        """Return the grade of a conversation, from stored replies as far as they go.

        Stored replies of which nothing could be made are no last word: then it is asked once more.
        """
        attempts = {int(reply.request.split("/")[0]) for reply in stored}
        session = _Session(wanted, key, {reply.request: reply for reply in stored}, max(attempts, default=0))
        result = await self._attempt(session)
        unread = isinstance(result, GradeFailure) or not result.final
        if unread and stored and not session.asked:
            return await self._attempt(_Session(wanted, key, {}, session.attempt + 1))
        return result

    async def _attempt(self, session: "_Session") -> Grade | GradeFailure:
        questions = self.questions(session.wanted)
        if not questions:
            return GradeFailure(text_hash=session.transcript.text_hash, reason=failed("over-long"))
        parts = list(dict.fromkeys(question.part for question in questions))
        votes = range(self._settings.votes)
        asking = [self._ask(session, question) for question in questions]
        outcomes = [await asking[0]] if len(asking) == 1 else await asyncio.gather(*asking)  # a task costs time
        by_place = {(asked.vote, asked.part.number, asked.group): outcome for asked, outcome in zip(questions, outcomes, strict=True)}
        cast = {
            id: [self._merge(id, [(part, by_place[vote, part.number, group]) for part in parts]) for vote in votes]
            for group, ids in self._wanted_groups(session.wanted).items()
            for id in ids
        }
        said = [vote for given in cast.values() for vote in given]
        if not any(isinstance(vote, Said) for vote in said):
            reason = next(vote for vote in said if not isinstance(vote, Said))
            return GradeFailure(text_hash=session.transcript.text_hash, reason=failed(reason))
        spoken = tuple(index for index, turn in enumerate(session.transcript.turns) if turn.role is Role.AGENT)
        verdicts = [self._verdict(session.transcript, spoken, id, given) for id, given in cast.items()]
        if doubt := self._suspicion.doubt(session.transcript.turns, verdicts):
            verdicts = [verdict.model_copy(update={"doubt": doubt}) for verdict in verdicts]
        return Grade(
            key=session.key,
            text_hash=session.transcript.text_hash,
            graded_by=GradedBy.LLM,
            grader=self._fingerprint,
            verdicts=tuple(sorted(verdicts, key=lambda verdict: self._order[verdict.criterion])),
            usage=sum((reply.usage for reply in session.used), Usage()),
        )

    async def _ask(self, session: "_Session", question: "Question") -> _Outcome:
        """Return what a request brings, after one more in which the faults of its reply are named."""
        said: dict[str, Said] = {}
        try:
            reply = await self._reply(session, question, None)
            first = self._reader.read(reply, question.ids, session.transcript.turns, question.part)
            said = first.said
            if not first.faults:
                return _Outcome(said=said, failures={})
            again = question._replace(ids=tuple(first.faults))
            second = await self._reply(session, again, (reply, first))
        except CallError as fault:
            return _Outcome(said=said, failures={id: fault.failure for id in question.ids if id not in said})
        mended = self._reader.read(second, again.ids, session.transcript.turns, question.part)
        return _Outcome(said=said | mended.said, failures={id: fault.failure for id, fault in mended.faults.items()})

    async def _reply(self, session: "_Session", question: "Question", after: tuple[RawReply, Reading] | None) -> RawReply:
        name = session.name(question, repair=after is not None)
        reply = session.stored.get(name)
        if reply is None:
            session.asked = True
            reply = await self._caller.ask(self._request(session, name, question, after))
            async with self._reading:  # one at a time, and what goes out and comes in meanwhile comes first
                await asyncio.sleep(0)
        session.used.append(reply)
        return reply

    def _request(self, session: "_Session", name: str, question: "Question", after: tuple[RawReply, Reading] | None) -> Request:
        longer = after is not None and any(fault.kind is FaultKind.TRUNCATED for fault in after[1].faults.values())
        tokens = self._settings.max_output_tokens * (2 if longer else 1)
        turns = session.transcript.turns[question.part.first : question.part.last]
        spoken = sum(len(turn.text.encode()) for turn in turns) // BYTES_A_TOKEN
        return Request(
            grade_key=session.key,
            name=name,
            grader=self._fingerprint,
            text_hash=session.transcript.text_hash,
            messages=lambda: self.messages(session.transcript, question, after),
            fields=self.fields(question.ids, question.vote, tokens),
            input_tokens=self._sizes.constants[self._groups[question.group]] + spoken + FRAME_TOKENS,
            output_tokens=tokens,
        )

    def messages(
        self, transcript: RedactedTranscript, question: "Question", after: tuple[RawReply, Reading] | None = None
    ) -> list[tuple[str, str]]:
        """Return role and text of each message that asks a question, or asks it again after a reply with faults."""
        group = self._groups[question.group]
        only = () if question.ids == group or after is not None else question.ids
        constant, conversation = self._prompt.constant(group), self._prompt.conversation(transcript, question.part, only)
        messages = [("system", constant), ("user", conversation)]
        if after is not None:
            reply, reading = after
            if any(fault.kind not in UNSHOWN for fault in reading.faults.values()):
                messages.append(("assistant", reply.content or ""))
            messages.append(("user", self._prompt.repair({id: fault.words for id, fault in reading.faults.items()})))
        return messages

    def fields(self, ids: tuple[str, ...], vote: int, tokens: int) -> Mapping[str, Any]:
        """Return the fields of a request beside model and messages; made once for each kind of request."""
        key = (ids, vote, tokens)
        if key not in self._fields:
            temperature = self._settings.temperature if self._settings.votes == 1 else self._settings.vote_temperature
            schema = reply_schema(self._rubric, ids)
            self._fields[key] = self._dialect.fields(schema, tokens=tokens, temperature=temperature, seed=self._settings.seed + vote)
        return self._fields[key]

    def _merge(self, id: str, outcomes: Sequence[tuple[Part, _Outcome]]) -> Said | Failure:
        """Return what one vote says of a criterion over all parts."""
        if len(outcomes) == 1:
            [(_, only)] = outcomes
            return only.said[id] if id in only.said else only.failures[id]
        levels = {part.number: outcome.said[id].level for part, outcome in outcomes if id in outcome.said}
        failures = [outcome.failures[id] for _, outcome in outcomes if id in outcome.failures]
        level, number, failure = merge_levels(id, levels, failures, self._rubric)
        if failure:
            return failure
        said = next(outcome.said[id] for part, outcome in outcomes if part.number == number)
        return replace(said, level=level)

    def _verdict(self, transcript: RedactedTranscript, spoken: tuple[int, ...], id: str, cast: Sequence[Said | Failure]) -> Verdict:
        """Return the verdict on a criterion; `spoken` are the agent's turns."""
        least = self._least[id]
        if least is not None and len(spoken) < least:
            why = f"The agent has fewer than {least} turns."
            return Verdict(criterion=id, level=NOT_APPLICABLE, graded_by=GradedBy.LLM, grader=self._fingerprint, rationale=why)
        given = [vote for vote in cast if isinstance(vote, Said)]
        if not given:
            reason = next(vote for vote in cast if not isinstance(vote, Said))
            return Verdict(criterion=id, level=UNGRADED, reason=failed(reason), graded_by=GradedBy.LLM, grader=self._fingerprint)
        level = given[0].level if len(given) == 1 else majority(id, [said.level for said in given], self._rubric)
        chosen = next(said for said in given if said.level == level)
        agreement = sum(said.level == level for said in given) / len(cast) if len(cast) > 1 else None
        common: dict[str, Any] = {
            "criterion": id, "graded_by": GradedBy.LLM, "grader": self._fingerprint,
            "rationale": chosen.why, "evidence": chosen.evidence, "agreement": agreement,
        }  # fmt: skip
        if level == ABSTAIN:
            return Verdict(level=UNGRADED, reason=ABSTAINED, **common)
        absent = level != NOT_APPLICABLE and not any(transcript.turns[piece.turn].role is Role.AGENT for piece in chosen.evidence)
        return Verdict(level=level, searched=spoken if absent else None, **common)


class Question(NamedTuple):
    """What one request asks."""

    vote: int
    part: Part
    group: int
    ids: tuple[str, ...]


class _Session:
    """A conversation while it is asked about."""

    def __init__(self, wanted: Wanted, key: str, stored: Mapping[str, RawReply], attempt: int) -> None:
        self.wanted = wanted
        self.transcript = wanted.transcript
        self.key = key
        self.stored = stored
        self.attempt = attempt
        self.used: list[RawReply] = []
        self.asked = False

    def name(self, question: Question, *, repair: bool = False) -> str:
        """Return which request of the grade a question is."""
        part = question.part
        turn = f"1-{digest(question.ids)[:8]}" if repair else "0"
        return f"{self.attempt}/v{question.vote}/p{part.number}of{part.count}/g{question.group}/{turn}"
