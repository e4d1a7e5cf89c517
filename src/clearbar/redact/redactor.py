"""The redactor: every detector that a conversation calls for, then placeholders in place of what they found."""

import hmac
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache, partial
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from clearbar.errors import SettingsError
from clearbar.model import digest
from clearbar.redact.addresses import address_detectors
from clearbar.redact.births import BIRTH_CUE, find_birth_dates
from clearbar.redact.contacts import EMAIL_CUE, IP_FORM, SPELT_CUE, find_emails, find_ips, find_spelt_emails, find_url_secrets
from clearbar.redact.custom import CustomPatterns
from clearbar.redact.digit_runs import IBAN_FORM, RUN_FORM, find_ibans, find_numbers
from clearbar.redact.json_values import JSON_CUE, find_json_values, json_keys, read_json_names
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.name_parts import Spans
from clearbar.redact.names import Names
from clearbar.redact.national_ids import DOCUMENT_CUE, NationalIds, find_documents
from clearbar.redact.passwords import TOLD_CUE, find_passwords
from clearbar.redact.placeholders import settle
from clearbar.redact.references import REFERENCE_NEEDS, find_references
from clearbar.redact.repeats import find_repeats
from clearbar.redact.scan import Scanner
from clearbar.redact.view import SEPARATOR, View
from clearbar.settings import RedactionSettings
from clearbar.transcript import RedactedTranscript, Transcript

__all__ = ["RedactedTexts", "Redactor"]

_VERSION: Final = 2
"""Counts up whenever the same text may come out otherwise."""
_AGENT_DIGITS, _CUSTOMER_DIGITS = 8, 12
"""Hexadecimal digits of pseudonyms: among 1,000 agents and 100,000 customers two share one with a chance of about 1 in 10,000."""
_LIGHT: Final = 4096
"""A cue of more characters (word lists) is looked for by itself: in the Set that tests all others it would cost more than it saves."""
_FREE_FIELDS: Final = ("topic", "queue", "disposition")
_SECRET_PARAMETERS: Final = (
    "token",
    "key",
    "sig",
    "secret",
    "pass",
    "pwd",
    "pin",
    "auth",
    "session",
    "sid",
    "otp",
    "code",
    "jwt",
    "credential",
    "email",
    "phone",
)

Detector = Callable[[View], Iterable[Finding]]
Needs = tuple[tuple[str, ...], ...]
"""Cues of which all of one group must occur."""


class RedactedTexts(NamedTuple):
    """What `Redactor.redact_texts` gives back."""

    texts: list[str]
    counts: dict[str, int]
    """Pieces of personal data replaced, by kind."""


class Redactor:
    """Takes personal data out of conversations and puts placeholders in.

    The same value is the same placeholder throughout a conversation, `[EMAIL_1]`; numbers begin beyond any placeholder that its text holds
    already, so that text which was redacted before comes out as it is. Nothing of what is found goes anywhere but into its placeholder.

    Parameters
    ----------
    settings
        Which kinds, which countries' formats, which patterns besides.
    secret
        Keys the pseudonyms of agents and customers.
    native
        Whether RE2 may be used; without it the result is the same, and slower.

    Raises
    ------
    SettingsError
        If a kind is unknown or a pattern cannot be used.
    """

    def __init__(self, settings: RedactionSettings, secret: bytes, *, native: bool = True) -> None:
        self._secret = secret
        custom = CustomPatterns(settings.patterns)
        self._kinds = _kinds(settings, custom.names)
        self._scanner = Scanner(native=native)
        self._names = Names(settings.keep)
        table = [(needs, detector) for kinds, needs, detector in _detectors(settings) if self._kinds & kinds]
        told = [(cue, reader) for cue, reader in self._names.readers if Kind.NAME in self._kinds]
        cued = (*(cue for cue, _ in told if len(cue) < _LIGHT), *(cue for needs, _ in table for need in needs for cue in need))
        cues = list(dict.fromkeys((*cued, JSON_CUE)))
        self._json = cues.index(JSON_CUE)
        self._presence = self._scanner.presence(cues)
        self._told = [(cue, cues.index(cue) if cue in cues else None, reader) for cue, reader in told]
        self._detectors = [(tuple(frozenset(map(cues.index, need)) for need in needs), detector) for needs, detector in table]
        self._all = self._kinds >= set(Kind)
        self._custom = custom.find if self._kinds & custom.names else None
        self._words = frozenset(word.upper() for word in {*map(str, Kind), *custom.names})
        self.fingerprint = f"redact-{_VERSION}-{digest(settings.model_dump(mode='json'))[:12]}"
        """Version and settings: equal fingerprints redact alike."""
        self._agents = lru_cache(maxsize=65_536)(partial(self._pseudonym, "agent", digits=_AGENT_DIGITS))

    def redact(self, transcript: Transcript) -> RedactedTranscript:
        """Return the conversation as graders, the store and people may see it."""
        names = [name for name in (transcript.customer, *transcript.agents) if name]
        free = [field for field in _FREE_FIELDS if getattr(transcript, field)]
        result = self.redact_texts([*(turn.text for turn in transcript.turns), *(getattr(transcript, field) for field in free)], names)
        count = len(transcript.turns)
        turns = tuple(
            turn.model_copy(update={"text": text, "agent": self.agent(turn.agent) if turn.agent else None})
            for turn, text in zip(transcript.turns, result.texts[:count], strict=True)
        )
        kept = {name: getattr(transcript, name) for name in RedactedTranscript.model_fields if name in Transcript.model_fields}
        kept |= dict(zip(free, result.texts[count:], strict=True))
        kept |= {
            "turns": turns,
            "customer": self.customer(transcript.customer) if transcript.customer else None,
            "url": _bare_url(transcript.url) if transcript.url else None,
            "redactions": result.counts,
        }
        return RedactedTranscript(**kept)

    def redact_texts(self, texts: Sequence[str], names: Sequence[str] = ()) -> RedactedTexts:
        """Return the turns of one conversation with placeholders.

        Parameters
        ----------
        texts
            The turns in order. NUL becomes U+FFFD.
        names
            Of customer and agents, as the record gives them.
        """
        return self.redact_many([(texts, names)])[0]

    def redact_many(self, conversations: Sequence[tuple[Sequence[str], Sequence[str]]]) -> list[RedactedTexts]:
        """Return several conversations redacted, each for itself; blocks of some hundred are about a third faster than one at a time.

        Parameters
        ----------
        conversations
            Turns and names of each, as for `redact_texts`.
        """
        views = [View(texts, self._scanner, self._words) for texts, _ in conversations]
        names = [fields for _, fields in conversations]
        return [self._replaced(view, found) for view, found in zip(views, self._found(views, names), strict=True)]

    def _found(self, views: Sequence[View], names: Sequence[Sequence[str]]) -> list[list[Finding]]:
        """Return what each view holds. One detector after the other reads all views: its automata then stay in the processor's cache."""
        held = [frozenset(self._presence(view.shadow)) for view in views]
        found: list[list[Finding]] = [[] for _ in views]
        for needs, detector in self._detectors:
            for view, have, into in zip(views, held, found, strict=True):
                if any(need <= have for need in needs):
                    into.extend(detector(view))
        wanted = Kind.NAME in self._kinds
        told = self._tell(views, held)
        for view, have, fields, parts, into in zip(views, held, names, told, found, strict=True):
            if self._json in have and (keys := json_keys(view)):
                into.extend(list(find_json_values(view, keys, into)))
                parts.extend(read_json_names(view, keys) if wanted else ())
            into.extend([*self._last(view, into), *(self._names.find(view, fields, parts) if wanted and (fields or parts) else ())])
        return found if self._all else [[finding for finding in into if finding.kind in self._kinds] for into in found]

    def _last(self, view: View, found: list[Finding]) -> Iterator[Finding]:
        """Yield what depends on what was found, and what the project's own patterns find."""
        if found:
            yield from find_repeats(view, found)
        if self._custom:
            yield from self._custom(view)

    def _tell(self, views: Sequence[View], held: Sequence[frozenset[int]]) -> list[list[Spans]]:
        """Return the names that each view tells."""
        told: list[list[Spans]] = [[] for _ in views]
        for cue, place, reader in self._told:
            for view, have, into in zip(views, held, told, strict=True):
                if place is None or place in have:
                    into.extend(spans for start, end in view.cues(cue) if (spans := reader(view, start, end)))
        return told

    def _replaced(self, view: View, found: list[Finding]) -> RedactedTexts:
        if not found:
            return RedactedTexts(view.original.split(SEPARATOR), {})
        placeholders = view.placeholders
        pieces: list[str] = []
        done = 0
        for finding in settle(view.located(found), placeholders.standing):
            pieces += (view.original[done : finding.start], placeholders.of(finding))
            done = finding.end
        pieces.append(view.original[done:])
        return RedactedTexts("".join(pieces).split(SEPARATOR), placeholders.counts)

    def agent(self, name: str) -> str:
        """Return the pseudonym of an agent: the same for a name however it is cased or spaced, and as long as the secret is kept."""
        return self._agents(name)

    def customer(self, name: str) -> str:
        """Return the pseudonym of a customer."""
        return self._pseudonym("customer", name, digits=_CUSTOMER_DIGITS)

    def _pseudonym(self, role: str, name: str, *, digits: int) -> str:
        folded = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
        if _is_pseudonym(folded, role, digits):
            return folded
        return f"{role}-{hmac.digest(self._secret, f'{role}:{folded}'.encode('utf-8', 'surrogatepass'), 'sha256').hex()[:digits]}"


def _detectors(settings: RedactionSettings) -> Iterator[tuple[set[str], Needs, Detector]]:
    """Yield each detector with the kinds that it finds and what a conversation must hold for it to find anything."""
    national = NationalIds(settings.regions)
    yield {Kind.EMAIL}, ((EMAIL_CUE,),), find_emails
    yield {Kind.EMAIL}, ((SPELT_CUE,),), find_spelt_emails
    yield {Kind.PHONE, Kind.CARD}, ((RUN_FORM,),), partial(find_numbers, regions=tuple(settings.regions))
    yield {Kind.IBAN}, ((IBAN_FORM,),), find_ibans
    yield {Kind.NATIONAL_ID}, ((national.form,),), national.find
    yield {Kind.NATIONAL_ID}, ((DOCUMENT_CUE, "[0-9]"),), find_documents
    yield {Kind.IP}, ((IP_FORM,),), find_ips
    yield {Kind.SECRET}, (("://",),), find_url_secrets
    yield {Kind.SECRET}, ((TOLD_CUE,),), find_passwords
    for cues, detector in address_detectors():
        yield {Kind.ADDRESS}, (cues,), detector
    yield {Kind.BIRTH_DATE}, ((BIRTH_CUE, "[0-9]"),), find_birth_dates
    yield {Kind.REFERENCE}, REFERENCE_NEEDS, find_references


def _is_pseudonym(text: str, role: str, digits: int) -> bool:
    # What was redacted before and is read again keeps its pseudonyms.
    head, _, tail = text.partition("-")
    return head == role and len(tail) == digits and all(character in "0123456789abcdef" for character in tail)


def _kinds(settings: RedactionSettings, custom: Iterable[str]) -> frozenset[str]:
    known = [*map(str, Kind), *custom]
    for field in ("kinds", "skip"):
        for kind in getattr(settings, field):
            if kind not in known:
                near = get_close_matches(kind, known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
                raise SettingsError(f"setting 'redaction.{field}': there is no kind {kind!r}", fix=hint)
    return frozenset(settings.kinds or known) - frozenset(settings.skip)


def _bare_url(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        query = urlencode([(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if not _is_secret(key, value)])
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))
    except ValueError:
        return None


def _is_secret(key: str, value: str) -> bool:
    return "@" in value or any(word in key.casefold() for word in _SECRET_PARAMETERS)
