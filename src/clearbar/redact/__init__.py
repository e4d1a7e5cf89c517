"""Personal data out, stable placeholders in, before anything else sees a conversation."""

from clearbar.redact.kinds import Kind
from clearbar.redact.redactor import RedactedTexts, Redactor

__all__ = ["Kind", "RedactedTexts", "Redactor"]
