"""E-mail addresses, IP addresses, and what is secret in a URL."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address
from typing import Final

from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.scan import compile_cue
from clearbar.redact.view import View

__all__ = ["find_emails", "find_ips", "find_url_secrets"]

_LOCAL_LIMIT: Final = 64
_LOCAL: Final = frozenset("._%+-'!#$&*/=?^`{|}~")
_DOMAIN: Final = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,6}[^\W\d_]{2,24}(?![\w@])")
_SPELT: Final = compile_cue(
    r"\b[a-z0-9][a-z0-9._-]{0,40}(?: dot [a-z0-9][a-z0-9_-]{0,30}){0,3} ?(?: at |\(at\)|\[at\]|\{at\}) ?[a-z0-9][a-z0-9-]{0,40}"
    r"(?: ?(?: dot |\(dot\)|\[dot\]|\{dot\}) ?[a-z][a-z0-9-]{0,20}){1,3}\b"
)


def find_emails(view: View) -> Iterator[Finding]:
    """Yield e-mail addresses, also spelt out ("jane dot doe at example dot org")."""
    text = view.text
    place = text.find("@")
    while place >= 0:
        domain = _DOMAIN.match(text, place + 1)
        start = _local_start(text, place)
        if domain and start < place:
            yield Finding(start, domain.end(), Kind.EMAIL, text[start : domain.end()].lower())
        place = text.find("@", place + 1)
    for match in _SPELT.finditer(view.shadow):
        start, end = match.span()
        yield Finding(start, end, Kind.EMAIL, _unspelt(text[start:end]))


def _local_start(text: str, place: int) -> int:
    start = place
    while start > 0 and place - start < _LOCAL_LIMIT and (text[start - 1].isalnum() or text[start - 1] in _LOCAL):
        start -= 1
    if text[max(start - 1, 0) : start] == ":" and "//" in text[start:place]:
        return place  # the credentials of a URL
    for wrapper in ("=", "/", "?", "&", "'", "`", "*", "~", "|"):  # of a query string or a mark-up around it
        cut = text.rfind(wrapper, start, place)
        start = cut + 1 if cut >= 0 else start
    while start < place and not text[start].isalnum():
        start += 1
    return start


def _unspelt(spelt: str) -> str:
    plain = re.sub(r" dot |[(\[{]dot[)\]}]", ".", spelt.lower())
    return re.sub(r" at |[(\[{]at[)\]}]", "@", plain).replace(" ", "")


_V4: Final = compile_cue(r"\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b")
_V6: Final = compile_cue(r"[0-9a-f]{0,4}:[0-9a-f]{0,4}:[0-9a-f:]{0,40}(?:\.[0-9]{1,3}){0,3}")
_VERSION: Final = re.compile(
    r"(?:version|ver\.?|\bv\.?|firmware|release|build|update|driver|chrome|firefox|safari|android|ios|rev)[ /:-]{0,3}$", re.IGNORECASE
)
_LOCAL_NETS: Final = tuple(
    IPv4Network(net)
    for net in ("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "255.255.0.0/16")
)
_FEWEST_V6_GROUPS: Final = 3


def find_ips(view: View) -> Iterator[Finding]:
    """Yield public IP addresses; those of a local network say nothing of a person, and an agent may well have to name them."""
    text = view.text
    if "." in text:
        for match in _V4.finditer(view.shadow):
            start, end = match.span()
            alone = text[start - 1 : start] not in {".", "-", "/", "_"} and not text[end : end + 2].lstrip(".-").isdigit()
            if alone and _public_v4(text[start:end]) and not _VERSION.search(text, max(0, start - 16), start):
                yield Finding(start, end, Kind.IP, text[start:end])
    for match in _V6.finditer(view.shadow):
        start, end = match.span()
        if (address := _public_v6(text[start:end])) and not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()):
            yield Finding(start, end, Kind.IP, address)


def _public_v4(text: str) -> bool:
    try:
        address = IPv4Address(text)
    except AddressValueError:
        return False
    return not any(address in net for net in _LOCAL_NETS)


def _public_v6(text: str) -> str | None:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return None
    named = sum(1 for group in text.split(":") if group)
    return None if named < _FEWEST_V6_GROUPS or address.is_link_local else address.compressed


_URL: Final = compile_cue(r"\b[a-z][a-z0-9+.-]{1,24}://[^ \t\r\n\x00<>\"]+")
_USERINFO: Final = re.compile(r"[a-zA-Z][\w+.-]*://([^/?#@\s]{1,256}(?:@[^/?#@\s]{1,256})?)@")
_QUERY_SECRET: Final = re.compile(
    r"[?&;#](?:[\w.-]{0,24}[_.-])?(?:token|jwt|key|apikey|api_key|sig|signature|secret|password|passwd|pwd|pass|pin|auth|authorization|session|"
    r"sessionid|sid|otp|code|ticket|credential|credentials|nonce|hash)=([^&;#\s\"'<>)\]]{1,2000})",
    re.IGNORECASE,
)
_PATH_SECRET: Final = re.compile(
    r"/(?:reset|verify|confirm|activate|invite|magic|unsubscribe|login|auth)[\w-]{0,20}/([\w-]{16,200})", re.IGNORECASE
)


def find_url_secrets(view: View) -> Iterator[Finding]:
    """Yield credentials, tokens and keys inside URLs; the rest of the URL stays."""
    for match in _URL.finditer(view.shadow):
        start, end = match.span()
        for pattern in (_USERINFO, _QUERY_SECRET, _PATH_SECRET):
            for secret in pattern.finditer(view.text, start, end):
                yield Finding(*secret.span(1), Kind.SECRET, secret[1])
