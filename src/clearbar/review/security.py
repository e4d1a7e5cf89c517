"""What every response carries and every request must: headers, size, and a page of our own as its origin."""

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["LARGEST", "Guard"]

LARGEST: Final = 256 * 1024
"""Bytes of a request."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """ASGI middleware.

    Parameters
    ----------
    app
        What it guards.
    https
        Whether people come over TLS.
    """

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what comes from elsewhere or is too large; pass on the rest and complete the response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(MutableHeaders(scope=message), scope["path"])
            await send(message)

        refusal = _NOWHERE if _has_nul(scope) else None if scope["method"] in SAFE else _refusal(Headers(scope=scope))
        await (refusal or self._app)(scope, receive, complete)

    def _complete(self, headers: MutableHeaders, path: str) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "public, max-age=300" if path.startswith("/static/") else "no-store")
        if self._https:
            headers.setdefault("strict-transport-security", "max-age=31536000")


_NOWHERE: Final = PlainTextResponse("There is no such page.", 404)


def _has_nul(scope: Scope) -> bool:
    """Return whether an address holds a NUL, which no id here has and no database takes."""
    return "\0" in scope["path"] or b"%00" in scope.get("query_string", b"")


def _refusal(headers: Headers) -> PlainTextResponse | None:
    length = headers.get("content-length")
    if length is None or not length.isdecimal():
        return PlainTextResponse("The request does not say how long it is.", 411)
    if int(length) > LARGEST:
        return PlainTextResponse("That is too much text at once. Nothing that was saved before is lost; go back and shorten it.", 413)
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if site not in {None, "same-origin", "none"} or (origin is not None and origin.split("://")[-1] != headers.get("host")):
        return PlainTextResponse("This request does not come from a page of the reviewers' room.", 403)
    return None
