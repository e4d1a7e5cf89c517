"""Where in a record each declared field stands: by its usual names, or as `--map field=path` says."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

from clearbar.errors import UsageError
from clearbar.model import Model
from clearbar.transcript import Conversation, Role

__all__ = ["CONVERSATION_FIELDS", "TURN_FIELDS", "FieldMap", "look_up"]

CONVERSATION_FIELDS: Final = tuple(name for name in Conversation.model_fields if name not in {"source", "turns"})
TURN_FIELDS: Final = ("role", "text", "time", "agent")

_USUAL: Final[dict[str, tuple[str, ...]]] = {
    "id": (
        "id",
        "conversation_id",
        "conversationId",
        "chat_id",
        "ticket_id",
        "call_id",
        "contact_id",
        "session_id",
        "dialogue_id",
        "thread_id",
    ),
    "turns": ("turns", "messages", "utterances", "transcript", "dialogue", "conversation"),
    "role": ("role", "speaker", "author", "sender", "from", "participant", "speaker_role", "participant_role", "author_type"),
    "text": ("text", "message", "body", "content", "utterance", "plain_body"),
    "time": ("time", "timestamp", "ts", "created_at", "sent_at", "start", "start_time", "date"),
    "agent": ("agent", "agent_id", "agent_name", "representative", "assignee"),
    "team": ("team", "team_name", "group", "department"),
    "customer": ("customer", "customer_name", "customer_id", "requester"),
    "started_at": ("started_at", "start_time", "startTime"),
    "ended_at": ("ended_at", "end_time", "endTime", "closed_at"),
    "updated_at": ("updated_at", "updatedAt", "last_modified"),
    "language": ("language", "lang", "locale"),
    "handle_time": ("handle_time", "aht", "duration"),
    "url": ("url", "link", "permalink"),
}


class FieldMap(Model):
    """Paths of fields in a record (`meta.domains.0`), and the roles that a source's own words stand for."""

    paths: dict[str, str] = {}
    roles: dict[str, Role] = {}

    @classmethod
    def parse(cls, options: Iterable[str], given: Mapping[str, str] | None = None) -> Self:
        """Return the map of `field=path` options, each possibly several, separated by commas; they win over what is given.

        `role.VALUE=agent` names a source's own word for a role; `turn.agent=path` the agent of a single turn.

        Raises
        ------
        UsageError
            Naming the option that cannot be used.
        """
        pairs: dict[str, str] = dict(given or {})
        for option in options:
            for part in filter(None, (piece.strip() for piece in option.split(","))):
                field, sign, path = part.partition("=")
                if not sign or not field.strip() or not path.strip():
                    raise UsageError(
                        f"--map {part!r} is not of the form field=path", fix="for example: --map team=meta.domains.0,agent=meta.agent_id"
                    )
                pairs[field.strip()] = path.strip()
        return cls.of(pairs)

    @classmethod
    def of(cls, pairs: Mapping[str, str]) -> Self:
        """Return the map of ready pairs.

        Raises
        ------
        UsageError
            Naming the pair that cannot be used.
        """
        paths, roles = {}, {}
        known = {*CONVERSATION_FIELDS, *TURN_FIELDS, "turns", "turn.agent", "position"}
        for field, path in pairs.items():
            if field.startswith("role."):
                if path not in set(Role):
                    raise UsageError(f"--map {field}={path}: {path!r} is no role", fix=f"roles: {', '.join(Role)}")
                roles[field.removeprefix("role.").casefold().replace(" ", "_").replace("-", "_")] = Role(path)
            elif field not in known:
                raise UsageError(f"--map {field}={path}: {field!r} is no field of a transcript", fix=f"fields: {', '.join(sorted(known))}")
            else:
                paths[field] = path
        return cls(paths=paths, roles=roles)

    def find(self, record: Mapping[str, Any], field: str) -> Any:
        """Return a field's value, or None where the record has none."""
        if field in self.paths:
            return look_up(record, self.paths[field])
        for name in _USUAL.get(field, (field,)):
            value = record.get(name)
            if value is not None:
                return value
        return None

    def column(self, names: Iterable[str], field: str) -> str | None:
        """Return which of a table's columns holds a field, or None."""
        there = {name.casefold(): name for name in names}
        wanted = (self.paths[field],) if field in self.paths else _USUAL.get(field, (field,))
        if field == "id" and field not in self.paths:
            wanted = (*wanted[1:], "id")  # beside conversation_id, a column named id numbers the messages
        return next((there[name.casefold()] for name in wanted if name.casefold() in there), None)


def look_up(record: Any, path: str) -> Any:
    """Return what stands at a dotted path (`a.b.0`), or None."""
    if isinstance(record, Mapping) and path in record:
        return record[path]
    for step in path.split("."):
        if isinstance(record, Mapping):
            record = record.get(step)
        elif isinstance(record, list | tuple) and step.removeprefix("-").isdecimal() and -len(record) <= int(step) < len(record):
            record = record[int(step)]
        else:
            return None
    return record
