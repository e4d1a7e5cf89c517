"""Where calls go: looked at before anything is sent."""

from urllib.parse import SplitResult, urlsplit

from clearbar.errors import GraderUnavailableError
from clearbar.settings import LlmSettings

__all__ = ["read_address", "unusable_address"]


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
