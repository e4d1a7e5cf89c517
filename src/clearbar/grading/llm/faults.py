"""What can go wrong with a call, told apart by what to do about it."""

import email.utils
import time
from collections.abc import Mapping

from clearbar.grading.llm.dialect import error_body
from clearbar.verdict import Failure

__all__ = ["CallError", "classify", "retry_after"]

MAX_RETRY_AFTER = 120.0
"""Seconds: a server that asks for more is not waited for."""
_QUOTA = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
_REFUSED = {400, 405, 413, 422}
_FATAL = {401, 402}
_DENIED = {403, 404}


class CallError(Exception):
    """A call that brought no reply.

    Parameters
    ----------
    failure
        Reason for which the verdicts stay ungraded if it stays so.
    words
        What happened, without any value from a conversation.
    again
        Whether trying again can help.
    outage
        Whether it speaks of the server as a whole, and counts towards the circuit breaker.
    fatal
        Whether no further call can succeed: wrong key, exhausted quota.
    wait
        Seconds for which the server asked to be left alone.

    Attributes
    ----------
    denied
        Whether access is denied: to all calls, or to this one text, as firewalls and routers do. Several in a row tell which.
    """

    def __init__(
        self, failure: Failure, words: str, *, again: bool = False, outage: bool = False, fatal: bool = False, wait: float | None = None
    ) -> None:
        super().__init__(words)
        self.failure: Failure = failure
        self.words = words
        self.again = again
        self.outage = outage
        self.fatal = fatal
        self.wait = wait
        self.limited = False
        self.denied = False
        self.status: int | None = None
        self.code: str | None = None
        self.param: str | None = None
        self.message = ""


def classify(error: Exception) -> CallError:
    """Return the fault behind an exception of the client libraries."""
    import openai  # noqa: PLC0415 - heavy

    if isinstance(error, openai.APIStatusError):
        return _by_status(error.status_code, error_body(error.body), dict(error.response.headers), str(error.message))
    if isinstance(error, TimeoutError) or (isinstance(error, openai.APITimeoutError) and not _dropped(error)):
        return CallError("timed out", "no answer in time", again=True, outage=True)
    if isinstance(error, openai.APIConnectionError | OSError):
        return CallError("unreachable", "the connection failed", again=True, outage=True)
    if isinstance(error, openai.APIError):
        return _by_status(500, error_body(error.body), {}, str(error.message))
    # What is no chat completion at all: an error page with status 200, a body without choices, broken JSON.
    return CallError("unread", f"the answer is no chat completion ({type(error).__name__})", again=True)


def _by_status(status: int, body: Mapping[str, object], headers: Mapping[str, str], message: str) -> CallError:
    code = str(body.get("code") or body.get("type") or "")
    if _over_long(code, message):
        fault = CallError("over-long", "the conversation is longer than the model's window")
    elif code in _QUOTA or str(body.get("type")) in _QUOTA:
        fault = CallError("unreachable", "the provider's quota is exhausted", fatal=True)
    elif status in _FATAL | _DENIED:
        fault = CallError("unreachable", f"the server answers {status}", fatal=status in _FATAL)
        fault.denied = status in _DENIED
    elif status in _REFUSED:
        fault = CallError("refused", f"the server refuses the request ({status})")
    else:
        wait = retry_after(headers)
        patient = wait is None or wait <= MAX_RETRY_AFTER
        fault = CallError("unreachable", f"the server answers {status}", again=patient, outage=status >= 500, wait=wait)  # noqa: PLR2004
    fault.status, fault.code, fault.message = status, code, message
    fault.limited = status == 429  # noqa: PLR2004
    fault.param = str(body["param"]) if body.get("param") else None
    return fault


def _over_long(code: str, message: str) -> bool:
    lower = message.lower()
    return code == "context_length_exceeded" or "context length" in lower or "context window" in lower or "context size" in lower


def _dropped(error: BaseException) -> bool:
    """Whether the server closed the connection, which the transport reports as a connect timeout."""
    import aiohttp  # noqa: PLC0415 - heavy

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, aiohttp.ClientError):
            return not isinstance(cause, aiohttp.ServerTimeoutError)
        cause = cause.__cause__
    return False


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds for which a server asks to be left alone: `retry-after-ms`, or `retry-after` as seconds or date."""
    lower = {name.lower(): value for name, value in headers.items()}
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = lower.get(name, "")
        try:
            return max(0.0, float(value) * unit)
        except ValueError:
            pass
    date = email.utils.parsedate_tz(lower.get("retry-after", ""))
    return max(0.0, email.utils.mktime_tz(date) - time.time()) if date else None
