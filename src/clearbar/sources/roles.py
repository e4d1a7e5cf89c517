"""Who speaks, under the many names that exports give the same five roles."""

from collections.abc import Mapping
from typing import Final

from clearbar.transcript import Role

__all__ = ["UnknownRoleError", "known_role", "read_role"]

_NAMES: Final[dict[Role, str]] = {
    Role.CUSTOMER: (
        "customer client user visitor caller guest consumer contact member patient passenger buyer shopper requester end-user human "
        "external participant customer_1 lead kunde kundin cliente usuario"
    ),
    Role.AGENT: (
        "agent representative rep advisor adviser assistant operator staff employee support admin csr consultant specialist associate "
        "clerk teller helpdesk service wizard human_agent live_agent agent_1 internal teammate mitarbeiter berater agente"
    ),
    Role.BOT: "bot chatbot virtual_agent virtual_assistant automation automated ivr answerbot answer_bot ai ai_agent flow machine",
    Role.SYSTEM: "system event tool function info notice status notification action workflow trigger server",
    Role.NOTE: "note internal_note private_note whisper comment_internal internal_comment private",
}
_BY_NAME: Final = {name: role for role, names in _NAMES.items() for name in names.split()}


class UnknownRoleError(ValueError):
    """A role that is none of the five and no usual name of one."""


def known_role(name: str, own: Mapping[str, Role] | None = None) -> Role | None:
    """Return the role that a word stands for, or None."""
    word = name.strip().casefold().replace(" ", "_").replace("-", "_")
    if own and (word in own):
        return own[word]
    return _BY_NAME.get(word) or _BY_NAME.get(word.replace("_", "-"))


def read_role(value: object, own: Mapping[str, Role] | None = None) -> Role:
    """Return the role for a record's value.

    Raises
    ------
    UnknownRoleError
        Without the value, which may be a name.
    """
    role = known_role(value, own) if isinstance(value, str) else None
    if role is None:
        raise UnknownRoleError(
            "is no known role (customer, agent, bot, system, note or a usual name of one); say which with --map role.VALUE=agent"
        )
    return role
