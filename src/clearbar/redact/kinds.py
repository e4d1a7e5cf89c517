"""What kinds of personal data there are, and what finding one means."""

from enum import StrEnum
from typing import NamedTuple

__all__ = ["Finding", "Kind"]


class Kind(StrEnum):
    """A kind of personal data; in capitals, the word of its placeholders."""

    EMAIL = "email"
    PHONE = "phone"
    CARD = "card"
    """Payment card number with a valid check digit."""
    IBAN = "iban"
    NATIONAL_ID = "national_id"
    """Social security, tax, health, passport and identity-card numbers."""
    IP = "ip"
    SECRET = "secret"  # noqa: S105 - a kind, not a secret
    """Password, PIN, one-time code, security code; credentials and tokens in a URL."""
    ADDRESS = "address"
    BIRTH_DATE = "birth_date"
    REFERENCE = "reference"
    """Order, account, booking, customer, case number and the like."""
    NAME = "name"

    @property
    def rank(self) -> int:
        """Which kind wins where two findings of one length lie on the same text; 0 wins over all."""
        return _RANKS[self]


_RANKS = {kind: rank for rank, kind in enumerate(Kind)}


class Finding(NamedTuple):
    """A piece of personal data in a text."""

    start: int
    end: int
    """In code points; `text[start:end]` is replaced."""
    kind: str
    """A `Kind`, or the name of a project's own pattern."""
    value: object
    """What makes two pieces the same: written otherwise, an equal value gets the same placeholder."""
