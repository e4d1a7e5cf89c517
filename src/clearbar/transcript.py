"""A conversation as it was pulled, and as graders may see it. Raw text is one type, redacted text another."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from clearbar.model import Model, digest

__all__ = ["Conversation", "RedactedTranscript", "Role", "Transcript", "Turn"]


class Role(StrEnum):
    """Who wrote a turn."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    """An automaton; not graded."""
    SYSTEM = "system"
    """Tool calls, results and notices that both sides may see."""
    NOTE = "note"
    """An internal note, which the customer does not see."""


class Turn(Model):
    """One utterance."""

    role: Role
    text: str
    time: float | None = None
    """Seconds from the start of the conversation."""
    agent: str | None = None
    """Who speaks, on turns of an agent; a transfer changes it."""


class Conversation(Model):
    """The declared fields of a conversation: what is kept of a record, and nothing else of it."""

    source: str
    """Fingerprint of the source; holds no credentials."""
    id: str
    turns: tuple[Turn, ...] = Field(min_length=1)
    url: str | None = None
    customer: str | None = None
    team: str | None = None
    queue: str | None = None
    topic: str | None = None
    language: str | None = None
    """BCP 47 code as the record declares it."""
    channel: str | None = None
    """chat, email, phone, social, or what the record says."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    """When the record last changed at its source; orders incremental pulls."""
    disposition: str | None = None
    csat: float | None = None
    nps: float | None = None
    handle_time: float | None = None
    """Seconds."""

    @property
    def agents(self) -> tuple[str, ...]:
        """The agents who speak, in order of their first turn."""
        return tuple(dict.fromkeys(turn.agent for turn in self.turns if turn.role is Role.AGENT and turn.agent))

    @property
    def agent(self) -> str | None:
        """The agent with the most turns; the earlier one at a tie."""
        spoken = [turn.agent for turn in self.turns if turn.role is Role.AGENT and turn.agent]
        return max(dict.fromkeys(spoken), key=spoken.count) if spoken else None


class Transcript(Conversation):
    """A conversation as pulled: raw text that only `redact` may read."""

    replaced: int = 0
    """How many lone surrogates and NUL characters became U+FFFD at the source."""


class RedactedTranscript(Conversation):
    """A conversation that graders, the store and people may see.

    Names of agents and customer are pseudonyms, personal data in the text are placeholders.
    """

    redactions: dict[str, int] = Field(default_factory=dict)
    """How many pieces of personal data were replaced, by kind."""
    text_hash: str = ""
    """SHA-256 of all that graders see; evidence, labels and audits refer to it. Computed when left empty."""

    @model_validator(mode="after")
    def _hash_text(self) -> Self:
        if not self.text_hash:
            object.__setattr__(self, "text_hash", self._digest())
        return self

    def _digest(self) -> str:
        # Agents enter by their order of appearance, not by pseudonym: the hash must not depend on a project's secret.
        order = {agent: place for place, agent in enumerate(self.agents)}
        return digest(
            {
                "channel": self.channel,
                "language": self.language,
                "started_at": self.started_at.timestamp() if self.started_at else None,
                "turns": [[turn.role, turn.text, turn.time, order.get(turn.agent or "")] for turn in self.turns],
            }
        )
