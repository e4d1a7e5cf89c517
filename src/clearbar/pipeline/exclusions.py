"""Which conversations nobody should grade or review: spam, tests, abandoned ones; each by a rule that a person set."""

from collections.abc import Mapping, Sequence
from typing import Final

from clearbar.errors import UsageError
from clearbar.store import Exclusion, Recent
from clearbar.transcript import Conversation, Role

__all__ = ["EXCLUDED", "FIELDS", "check_rule", "excludes", "excludes_recent", "exclusion_of", "reads_turns", "told"]

EXCLUDED: Final = "excluded: "
"""How the reason begins for which such a record goes no further."""

FIELDS: Final[Mapping[str, str]] = {
    "channel": "Channel is",
    "language": "Language is",
    "queue": "Queue is",
    "topic": "Topic is",
    "disposition": "Disposition is",
    "team": "Team is",
    "agent_turns": "Turns of agents are at most",
    "customer_turns": "Turns of the customer are at most",
    "says": "Somebody says",
}
"""What a rule may ask, in words that the value follows."""
_COUNTED: Final = {"agent_turns": Role.AGENT, "customer_turns": Role.CUSTOMER}
MOST: Final = 1000


def check_rule(field: str, value: str) -> None:
    """Refuse a rule that means nothing.

    Raises
    ------
    UsageError
        If the field is none of `FIELDS`, or the value does not fit it.
    """
    if field not in FIELDS:
        raise UsageError("there is no such field", fix="choose one of the list")
    if field in _COUNTED and not (value.isascii() and value.isdigit() and int(value) <= MOST):
        raise UsageError("turns are counted with a number", fix=f"write one from 0 to {MOST}")
    if field == "says" and len(value.strip()) < 3:  # noqa: PLR2004
        raise UsageError("such short words stand in nearly every conversation", fix="write three letters at least")


def excludes(rule: Exclusion, conversation: Conversation) -> bool:
    """Return whether a rule leaves a conversation out; ask with redacted conversations, as the store holds them."""
    if reads_turns(rule):
        return _by_turns(rule, [(turn.role, turn.text) for turn in conversation.turns])
    return _by_field(rule, getattr(conversation, rule.field, None))


def excludes_recent(rule: Exclusion, conversation: Recent) -> bool:
    """Return the same of a conversation that is read for a count."""
    if reads_turns(rule):
        return _by_turns(rule, conversation.turns)
    return _by_field(rule, conversation.fields.get(rule.field))


def _by_turns(rule: Exclusion, turns: Sequence[tuple[str, str]]) -> bool:
    if role := _COUNTED.get(rule.field):
        return bool(turns) and sum(one == role for one, _ in turns) <= int(rule.value)
    wanted = rule.value.casefold()
    return any(wanted in text.casefold() for _, text in turns)


def _by_field(rule: Exclusion, value: object) -> bool:
    return str(value or "").casefold() == rule.value.casefold()


def exclusion_of(rules: Sequence[Exclusion], conversation: Conversation) -> Exclusion | None:
    """Return the first rule that leaves a conversation out; null where none does."""
    return next((rule for rule in rules if excludes(rule, conversation)), None)


def told(rule: Exclusion) -> str:
    """Return why a record goes no further, as counts list it; rules with the same words are counted together."""
    words = FIELDS[rule.field]
    return f"{EXCLUDED}{words[0].lower()}{words[1:]} “{rule.value}”"


def reads_turns(rule: Exclusion) -> bool:
    """Return whether a rule looks at the turns; it finds nothing in a conversation whose text is gone."""
    return rule.field in _COUNTED or rule.field == "says"
