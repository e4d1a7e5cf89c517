"""E-mail addresses, IP addresses, and what is secret in a URL."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address
from typing import Final

from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.view import SEPARATOR, View

__all__ = ["EMAIL_CUE", "IP_FORM", "SPELT_CUE", "find_emails", "find_ips", "find_spelt_emails", "find_url_secrets"]

_LOCAL_LIMIT: Final = 64
_CREDENTIALS_LIMIT: Final = 256
_CREDENTIALS_END: Final = re.compile(r"[\s/?#\0]")
_LOCAL: Final = frozenset("._%+-'!#$&*/=?^`{|}~")
_DOMAIN: Final = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,6}[^\W\d_]{2,24}(?![\w@])")
EMAIL_CUE: Final = "@"
SPELT_CUE: Final = r" dot |[(\[{](?:dot|at)[)\]}]"
_SPELT: Final = (
    r"\b[a-z0-9][a-z0-9._-]{0,40}(?: dot [a-z0-9][a-z0-9_-]{0,30}){0,3} ?(?: at |\(at\)|\[at\]|\{at\}) ?[a-z0-9][a-z0-9-]{0,40}"
    r"(?: ?(?: dot |\(dot\)|\[dot\]|\{dot\}) ?[a-z][a-z0-9-]{0,20}){1,3}\b"
)


def find_emails(view: View) -> Iterator[Finding]:
    """Yield e-mail addresses."""
    text = view.text
    place = text.find("@")
    while place >= 0:
        domain = _DOMAIN.match(text, place + 1)
        start = _local_start(text, place)
        if domain and start < place:
            yield Finding(start, domain.end(), Kind.EMAIL, text[start : domain.end()].lower())
        place = text.find("@", place + 1)


def find_spelt_emails(view: View) -> Iterator[Finding]:
    """Yield e-mail addresses that are spelt out: "jane dot doe at example dot org"."""
    for start, end in view.cues(_SPELT):
        yield Finding(start, end, Kind.EMAIL, _unspelt(view.text[start:end]))


def _local_start(text: str, place: int) -> int:
    start = place
    while start > 0 and place - start < _LOCAL_LIMIT and (text[start - 1].isalnum() or text[start - 1] in _LOCAL):
        start -= 1
    scheme = text.rfind("://", max(0, place - _CREDENTIALS_LIMIT), place)
    if scheme >= 0 and not _CREDENTIALS_END.search(text, scheme + 3, place):
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


_V4_FORM: Final = r"\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b"
_V6_FORM: Final = r"[0-9a-f]{0,4}:[0-9a-f]{0,4}:[0-9a-f]{1,4}[0-9a-f:]{0,40}(?:\.[0-9]{1,3}){0,3}"
IP_FORM: Final = rf"{_V4_FORM}|{_V6_FORM}"
_VERSION: Final = re.compile(
    r"\b(?:versions?|ver|v|firmware|fw|release|build|update|driver|software|app|chrome|firefox|safari|android|ios|rev)\b", re.IGNORECASE
)
_VERSION_REACH: Final = 40
_VERSION_OCTET: Final = 20
"""Where the first three numbers are below this, they are more often a version or a chapter, unless something calls them an address."""
_IP_CUE: Final = re.compile(r"\b(?:ip|ipv4|host|ping|dns)\b", re.IGNORECASE)
_LOCAL_NETS: Final = tuple(
    IPv4Network(net)
    for net in ("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "255.255.0.0/16")
)
_FEWEST_V6_GROUPS: Final = 3


def find_ips(view: View) -> Iterator[Finding]:
    """Yield public IP addresses; those of a local network say nothing of a person, and an agent may well have to name them."""
    text = view.text
    for start, end in view.cues(_V4_FORM):
        if _stands_alone(text, start, end) and _public_v4(text[start:end]) and not _is_version(text, start, end):
            yield Finding(start, end, Kind.IP, text[start:end])
    for start, end in view.cues(_V6_FORM):
        if (address := _public_v6(text[start:end])) and not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()):
            yield Finding(start, end, Kind.IP, address)


def _stands_alone(text: str, start: int, end: int) -> bool:
    after = text[end : end + 2]
    return (start == 0 or text[start - 1] not in ".-/_") and not (after[:1] in {".", "-"} and after[1:].isdigit())


def _is_version(text: str, start: int, end: int) -> bool:
    before = text[max(text.rfind(SEPARATOR, 0, start) + 1, start - _VERSION_REACH, 0) : start]
    version = max((match.end() for match in _VERSION.finditer(before)), default=-1)
    address = max((match.end() for match in _IP_CUE.finditer(before)), default=-1)
    if version != address:
        return version > address
    return before[-1:] in {"v", "V"} or all(int(octet) < _VERSION_OCTET for octet in text[start:end].split(".")[:3])


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


_URL: Final = r"\b[a-z][a-z0-9+.-]{1,24}://[^ \t\r\n\x00<>\"]+"
_USERINFO: Final = re.compile(r"[a-zA-Z][\w+.-]*://([^/?#@\s]{1,256}(?:@[^/?#@\s]{1,256})?)@")
_QUERY_SECRET: Final = re.compile(
    r"[?&;#](?:[\w.-]{0,24}[_.-])?(?:token|jwt|key|apikey|api_key|sig|signature|secret|password|passwd|pwd|pass|pin|auth|authorization|"
    r"session|"
    r"sessionid|sid|otp|code|ticket|credential|credentials|nonce|hash)=([^&;#\s\"'<>)\]]{1,2000})",
    re.IGNORECASE,
)
_PATH_SECRET: Final = re.compile(
    r"/(?:reset|verify|confirm|activate|invite|magic|unsubscribe|login|auth)[\w-]{0,20}/([\w-]{16,200})", re.IGNORECASE
)


def find_url_secrets(view: View) -> Iterator[Finding]:
    """Yield credentials, tokens and keys inside URLs; the rest of the URL stays."""
    for start, end in view.cues(_URL):
        for pattern in (_USERINFO, _QUERY_SECRET, _PATH_SECRET):
            for secret in pattern.finditer(view.text, start, end):
                yield Finding(*secret.span(1), Kind.SECRET, secret[1])
