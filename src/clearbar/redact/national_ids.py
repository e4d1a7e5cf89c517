"""Numbers that a state gave to a person: check digits confirm them, and what stands around where the form alone says little."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import stdnum.at.vnr
import stdnum.be.nn
import stdnum.br.cpf
import stdnum.ca.sin
import stdnum.ch.ssn
import stdnum.de.idnr
import stdnum.dk.cpr
import stdnum.es.dni
import stdnum.es.nie
import stdnum.fi.hetu
import stdnum.fr.nir
import stdnum.gb.nhs
import stdnum.ie.pps
import stdnum.in_.aadhaar
import stdnum.in_.pan
import stdnum.it.codicefiscale
import stdnum.nl.bsn
import stdnum.no.fodselsnummer
import stdnum.pl.pesel
import stdnum.se.personnummer
import stdnum.us.itin
import stdnum.us.ssn

from clearbar.redact.context import told_or_answered
from clearbar.redact.dates import NUMERIC_DATE
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.view import View

__all__ = ["DOCUMENT_CUE", "NATIONAL_IDS", "NationalId", "NationalIds", "find_documents"]


class NationalId(NamedTuple):
    """One state's number."""

    region: str
    name: str
    form: str
    """As written, for RE2 and `re` alike."""
    valid: Callable[[str], bool]
    """Of the number as written."""
    context: str = ""
    """What must be named before it; empty where form and check digits suffice."""


def _module(module: Any) -> Callable[[str], bool]:
    return partial(_confirmed, module)


def _confirmed(module: Any, written: str) -> bool:
    return bool(module.is_valid(written))


_NINO_PREFIX: Final = re.compile(r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]", re.IGNORECASE)


def _nino(written: str) -> bool:
    return _NINO_PREFIX.match(written) is not None


NATIONAL_IDS: Final = (
    NationalId("US", "SSN", r"[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}", _module(stdnum.us.ssn)),
    NationalId("US", "ITIN", r"9[0-9]{2}[- ][0-9]{2}[- ][0-9]{4}", _module(stdnum.us.itin)),
    NationalId("GB", "NINO", r"[a-z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[a-d]", _nino),
    NationalId("GB", "NHS", r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}", _module(stdnum.gb.nhs), r"\bnhs\b"),
    NationalId("DE", "IdNr", r"[0-9]{2} [0-9]{3} [0-9]{3} [0-9]{3}", _module(stdnum.de.idnr)),
    NationalId("DE", "IdNr", r"[0-9]{11}", _module(stdnum.de.idnr), r"steuer|\btax|\btin\b|\bidnr"),
    NationalId("FR", "NIR", r"[1278] ?[0-9]{2} ?[0-9]{2} ?[0-9][0-9ab] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}", _module(stdnum.fr.nir)),
    NationalId("CH", "AHV", r"756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}", _module(stdnum.ch.ssn)),
    NationalId(
        "AT",
        "VNR",
        r"[0-9]{4}[ -]?[0-9]{6}",
        _module(stdnum.at.vnr),
        r"sozialv|\bsvnr|\bsv-n|versicherung|e-card|social (?:security|insurance)",
    ),
    NationalId("ES", "DNI", r"[0-9]{8}[ -]?[a-z]", _module(stdnum.es.dni)),
    NationalId("ES", "NIE", r"[xyz][ -]?[0-9]{7}[ -]?[a-z]", _module(stdnum.es.nie)),
    NationalId("IT", "Codice fiscale", r"[a-z]{6}[0-9]{2}[a-z][0-9]{2}[a-z][0-9]{3}[a-z]", _module(stdnum.it.codicefiscale)),
    NationalId("NL", "BSN", r"[0-9]{4}[ .]?[0-9]{2}[ .]?[0-9]{3}", _module(stdnum.nl.bsn), r"\bbsn\b|burgerservice|sofi|citizen service"),
    NationalId("BE", "NN", r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}", _module(stdnum.be.nn)),
    NationalId("PL", "PESEL", r"[0-9]{11}", _module(stdnum.pl.pesel), r"\bpesel\b"),
    NationalId("SE", "Personnummer", r"(?:19|20)?[0-9]{6}[-+][0-9]{4}", _module(stdnum.se.personnummer)),
    NationalId("DK", "CPR", r"[0-9]{6}-[0-9]{4}", _module(stdnum.dk.cpr)),
    NationalId("NO", "Fødselsnummer", r"[0-9]{6} ?[0-9]{5}", _module(stdnum.no.fodselsnummer)),
    NationalId("FI", "HETU", r"[0-9]{6}[-+a][0-9]{3}[0-9a-y]", _module(stdnum.fi.hetu)),
    NationalId("IE", "PPS", r"[0-9]{7}[a-w][a-iw]?", _module(stdnum.ie.pps)),
    NationalId("CA", "SIN", r"[0-9]{3}[ -][0-9]{3}[ -][0-9]{3}", _module(stdnum.ca.sin)),
    NationalId("IN", "Aadhaar", r"[0-9]{4} [0-9]{4} [0-9]{4}", _module(stdnum.in_.aadhaar)),
    NationalId("IN", "PAN", r"[a-z]{5}[0-9]{4}[a-z]", _module(stdnum.in_.pan)),
    NationalId("BR", "CPF", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", _module(stdnum.br.cpf)),
)
"""The numbers that are known; those of the regions asked for are looked for."""

_CONTEXT_REACH: Final = 60
_NOT_COMPACT: Final = re.compile(r"[\W_]")


class _Row(NamedTuple):
    form: re.Pattern[str]
    valid: Callable[[str], bool]
    context: re.Pattern[str] | None


class NationalIds:
    """Finds the national numbers of some regions.

    Parameters
    ----------
    regions
        ISO 3166 codes; those without a row in `NATIONAL_IDS` are ignored.
    """

    def __init__(self, regions: Sequence[str]) -> None:
        rows = [row for row in NATIONAL_IDS if row.region in regions]
        self.form = rf"\b(?:{'|'.join(row.form for row in rows)})\b" if rows else r"[0-9]\b\B"
        """What any of them looks like; without any, what nothing does."""
        self._rows = [
            _Row(re.compile(row.form, re.IGNORECASE), row.valid, re.compile(row.context, re.IGNORECASE) if row.context else None)
            for row in rows
        ]

    def find(self, view: View) -> Iterator[Finding]:
        """Yield national numbers."""
        for start, end in view.cues(self.form):
            written = view.text[start:end]
            if not _inside_code(view.text, start, end) and any(self._holds(row, written, view, start) for row in self._rows):
                yield Finding(start, end, Kind.NATIONAL_ID, _NOT_COMPACT.sub("", written).upper())

    @staticmethod
    def _holds(row: _Row, written: str, view: View, start: int) -> bool:
        if row.form.fullmatch(written) is None or not row.valid(written):
            return False
        return row.context is None or row.context.search(view.text, max(0, start - _CONTEXT_REACH), start) is not None


def _inside_code(text: str, start: int, end: int) -> bool:
    before, after = text[max(start - 2, 0) : start], text[end : end + 2]
    return (len(before) > 1 and before[1] in "-./_+" and before[0].isalnum()) or (
        len(after) > 1 and after[0] in "-./_" and after[1].isalnum()
    )


DOCUMENT_CUE: Final = (
    r"\b(?:passport|driv(?:er'?s?|ing) licen[cs]e|identity card|id card|national insurance|ni number|nino\b|social security|"
    r"social insurance|ssn\b|"
    r"nhs number|tax (?:id|number|code)|steuer-?id[a-z]*|steuernummer|sozialversicherungsnummer|ausweis(?:nummer)?|reisepass(?:nummer)?|"
    r"visa number)"
)
_DOCUMENT_NUMBER: Final = re.compile(
    r"(?<![\w-])(?:(?=(?:[A-Za-z]*\d){4})[A-Za-z0-9]{6,18}|(?![\d-]*-(?:19|20)\d\d\b)\d{2,4}(?:[ -]\d{2,4}){2,4})(?![\w-])"
)
_DOCUMENT_REACH: Final = 48


def find_documents(view: View) -> Iterator[Finding]:
    """Yield numbers that the text itself calls those of a passport, a licence or the like, or that were asked for as such."""
    for cue in view.cues(DOCUMENT_CUE):
        found = told_or_answered(view, cue, _DOCUMENT_NUMBER, reach=_DOCUMENT_REACH)
        if found and not NUMERIC_DATE.fullmatch(found[0]):
            yield Finding(*found.span(), Kind.NATIONAL_ID, _NOT_COMPACT.sub("", found[0]).upper())
