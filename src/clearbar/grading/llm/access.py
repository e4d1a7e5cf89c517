"""Where calls go and by which key: looked at before anything is sent, since no request can be made of an address or a key that is none."""

from urllib.parse import SplitResult, urlsplit

from clearbar.errors import GraderUnavailableError
from clearbar.settings import LlmSettings

__all__ = ["check_access", "read_address", "read_key", "unusable_address"]


def check_access(settings: LlmSettings) -> None:
    """Refuse settings by which no request could be sent.

    Raises
    ------
    GraderUnavailableError
        If the server's address or the key cannot be one; neither is told, as both may hold a secret.
    """
    read_address(settings)
    read_key(settings)


def read_address(settings: LlmSettings) -> SplitResult | None:
    """Return the parts of the server's address, or None where none is named.

    Raises
    ------
    GraderUnavailableError
        If it is no address.
    """
    if settings.base_url is None:
        return None
    if not settings.base_url.startswith(("http://", "https://")):
        raise unusable_address("does not begin with http:// or https://")
    if not settings.base_url.isprintable() or " " in settings.base_url:
        raise unusable_address("holds a space or an invisible character")
    try:
        parts = urlsplit(settings.base_url)
        parts.port  # noqa: B018 - read only when asked for
    except ValueError:
        raise unusable_address("holds no host and port that can be read") from None
    if not parts.hostname:
        raise unusable_address("names no host")
    return parts


def unusable_address(why: str) -> GraderUnavailableError:
    """Return what is said of an address that is none; it may hold a password, and is not shown."""
    return GraderUnavailableError(f"the LLM server's address {why}", fix="correct OPENAI_BASE_URL or CLEARBAR_LLM__BASE_URL")


def read_key(settings: LlmSettings) -> str:
    """Return the key without the line's end that a file of keys leaves behind it, or nothing where none is set.

    Raises
    ------
    GraderUnavailableError
        If it holds what no header can hold.
    """
    key = settings.api_key.get_secret_value().strip() if settings.api_key else ""
    if not (key.isascii() and key.isprintable()):
        raise GraderUnavailableError(
            "the LLM's key holds characters that no key has: line breaks or others beyond printable ASCII",
            fix="check OPENAI_API_KEY or CLEARBAR_LLM__API_KEY",
        )
    return key
