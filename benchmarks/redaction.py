"""How much of the personal data in made-up conversations is found, how much else is taken for it, and how fast.

    python benchmarks/redaction.py [--seed N] [--count N] [--part dev|held-out|all] [--show KIND] [--speed FILE.jsonl] [--json]

Conversations come from the templates beside this file, filled with values that faker and the check-digit formulas of
python-stdnum make. Rules were written for what the `dev` templates showed; the `held-out` ones were written afterwards and are
only ever looked at in sums. A piece counts as found if every letter and digit of it is gone; anything else that is gone, in
the templates' own words or in amounts, dates, versions, serial numbers and the like, is a false positive.
Needs faker (in the test group).
"""

import argparse
import json
import random
import re
import string
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import stdnum.gb.nhs
import stdnum.iban
import stdnum.luhn
from faker import Faker
from stdnum.ch import ssn as ch_ahv
from stdnum.de import idnr
from stdnum.es import dni
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.us import ssn

from clearbar.redact import Redactor
from clearbar.settings import RedactionSettings

BLOCK = 256
TEMPLATES = Path(__file__).with_name("redaction_templates.txt")
LOCALES = {
    "en": ("en_US", "en_GB", "en_IE"),
    "de": ("de_DE", "de_CH", "de_AT"),
    "fr": ("fr_FR", "fr_CH"),
    "it": ("it_IT",),
    "es": ("es_ES",),
    "nl": ("nl_NL",),
}
KINDS = {
    "person": "name", "customer": "name", "agent": "name", "staff": "name", "maiden": "secret",
    "email": "email", "spelt": "email", "phone": "phone", "phone2": "phone", "card": "card", "iban": "iban",
    "us_ssn": "national_id", "gb_nino": "national_id", "gb_nhs": "national_id", "de_idnr": "national_id", "fr_nir": "national_id",
    "it_cf": "national_id", "es_dni": "national_id", "nl_bsn": "national_id", "ch_ahv": "national_id", "passport": "national_id",
    "ip": "ip", "ip2": "ip", "ip6": "ip", "password": "secret", "otp": "secret", "pin": "secret", "cvv": "secret",
    "url_user": "secret", "url_token": "secret", "address": "address", "uk_postcode": "address", "dob": "birth_date",
    "order": "reference", "account": "reference", "booking": "reference", "booking2": "reference", "case": "reference",
    "policy": "reference", "invoice": "reference", "tracking": "reference", "userid": "reference",
}  # fmt: skip
_SLOT = re.compile(r"\{(~?)(\w+)(?:\.(\w+))?\}")
_PLACEHOLDER = re.compile(r"\[([A-Z_]+)_\d+\]")


@dataclass(frozen=True)
class Piece:
    """Personal data (or what must stay) in a turn."""

    turn: int
    start: int
    end: int
    kind: str
    slot: str


@dataclass
class Conversation:
    """A filled template."""

    texts: list[str]
    names: list[str]
    pieces: list[Piece]
    kept: list[Piece]


@dataclass
class Tally:
    """What came of one kind."""

    pieces: int = 0
    found: int = 0
    right_kind: int = 0
    false: int = 0
    examples: list[str] = field(default_factory=list)


def templates(part: str) -> list[str]:
    """Return the templates of a part: `dev`, `held-out` or `all`."""
    dev, held_out = TEMPLATES.read_text(encoding="utf-8").split("\n## held out", 1)
    chosen = {"dev": dev, "held-out": held_out.partition("\n")[2], "all": dev + "\n" + held_out.partition("\n")[2]}[part]
    return [line for line in chosen.splitlines() if line and not line.startswith("#")]


class Values:
    """Makes the values of one conversation; a slot keeps its value.

    Parameters
    ----------
    seed
        Of everything random.
    language
        Of names, addresses and telephone numbers.
    """

    def __init__(self, seed: int, language: str) -> None:
        self._random = random.Random(seed)
        locale = self._random.choice(LOCALES[language])
        self._fake = _fakers(locale)
        self._fake.seed_instance(seed)
        self._locale = locale
        self._given: dict[str, Any] = {}

    def of(self, slot: str, part: str | None) -> str:
        """Return the text of a slot."""
        if slot not in self._given:
            maker: Callable[[], Any] = getattr(self, f"_{slot.rstrip('2')}")
            self._given[slot] = maker()
        value = self._given[slot]
        return str(value[part or "full"] if isinstance(value, dict) else value)

    def _digits(self, count: int) -> str:
        return str(self._random.randint(1, 9)) + "".join(self._random.choices(string.digits, k=count - 1))

    def _upper(self, count: int) -> str:
        return "".join(self._random.choices("ABCDEFGHJKLMNPRSTVWXYZ", k=count))

    def _until(self, valid: Callable[[str], bool], make: Callable[[], str]) -> str:
        while not valid(value := make()):
            pass
        return value

    def _person(self) -> dict[str, str]:
        first, last = self._fake.first_name().split()[0], self._fake.last_name()
        title = self._random.choice({"de": ("Herr", "Frau")}.get(self._locale[:2], ("Mr", "Ms", "Mrs")))
        return {"full": f"{first} {last}", "first": first, "last": last, "title": title}

    _customer = _agent = _staff = _person

    def _maiden(self) -> str:
        return self._fake.last_name()

    def _email(self) -> str:
        return self._fake.ascii_email()

    def _spelt(self) -> str:
        first, last = (re.sub(r"\W", "", name.lower()) for name in (self._fake.first_name(), self._fake.last_name()))
        return f"{first} dot {last} at example dot com"

    def _phone(self) -> str:
        return self._fake.phone_number()

    def _card(self) -> str:
        prefix = self._random.choice(("4", "51", "55", "37", "6011", "2221"))
        count = 15 if prefix == "37" else 16
        body = prefix + "".join(self._random.choices(string.digits, k=count - 1 - len(prefix)))
        number = body + stdnum.luhn.calc_check_digit(body)
        joint = self._random.choice(("", " ", "-"))
        return (
            joint.join((number[:4], number[4:10], number[10:])) if count == 15 else joint.join(number[i : i + 4] for i in range(0, 16, 4))
        )

    def _iban(self) -> str:
        value = self._fake.iban()
        return value if self._random.random() < 0.4 else stdnum.iban.format(value)

    def _us_ssn(self) -> str:
        return self._until(ssn.is_valid, lambda: f"{self._digits(3)}-{self._digits(2)}-{self._digits(4)}")

    def _gb_nino(self) -> str:
        joint = self._random.choice(("", " "))
        return joint.join(
            (self._random.choice(("AB", "CE", "JP", "SX")), self._digits(2), self._digits(2), self._digits(2), self._random.choice("ABCD"))
        )

    def _gb_nhs(self) -> str:
        return stdnum.gb.nhs.format(self._until(stdnum.gb.nhs.is_valid, lambda: self._digits(10)))

    def _de_idnr(self) -> str:
        value = self._until(idnr.is_valid, lambda: self._digits(11))
        return value if self._random.random() < 0.5 else idnr.format(value)

    def _fr_nir(self) -> str:
        born = f"{self._random.randint(40, 99)}{self._random.randint(1, 12):02}"
        body = f"{self._random.choice('12')}{born}{self._random.randint(1, 95):02}{self._digits(6)}"
        value = body + nir.calc_check_digits(body)
        return value if self._random.random() < 0.5 else nir.format(value)

    def _it_cf(self) -> str:
        born = f"{self._digits(2)}{self._random.choice('ABCDEHLMPRST')}{self._random.randint(1, 28):02}"
        body = f"{self._upper(6)}{born}{self._upper(1)}{self._digits(3)}"
        return self._until(codicefiscale.is_valid, lambda: body + self._random.choice(string.ascii_uppercase))

    def _es_dni(self) -> str:
        digits = self._digits(8)
        return digits + self._random.choice(("", "-")) + dni.calc_check_digit(digits)

    def _nl_bsn(self) -> str:
        return self._until(bsn.is_valid, lambda: self._digits(9))

    def _ch_ahv(self) -> str:
        return ch_ahv.format(self._until(ch_ahv.is_valid, lambda: f"756{self._digits(10)}"))

    def _passport(self) -> str:
        return self._random.choice((self._digits(9), f"{self._upper(1)}{self._digits(8)}", f"{self._upper(2)}{self._digits(7)}"))

    def _ip(self) -> str:
        middle = f"{self._random.randint(0, 255)}.{self._random.randint(0, 255)}"
        return f"{self._random.choice((31, 81, 84, 91, 151, 203))}.{middle}.{self._random.randint(1, 254)}"

    def _ip6(self) -> str:
        return (
            self._fake.ipv6()
            if self._random.random() < 0.5
            else f"2a02:{self._random.randint(1, 9999)}:{self._random.randint(1, 9999)}::{self._random.randint(1, 99)}"
        )

    def _password(self) -> str:
        return self._random.choice(
            (
                self._fake.password(length=11),
                f"{self._fake.first_name()}{self._digits(4)}!",
                f"{self._fake.word()}-{self._fake.word()}-{self._digits(2)}",
            )
        )

    def _otp(self) -> str:
        return self._digits(6)

    def _pin(self) -> str:
        return self._digits(4)

    def _cvv(self) -> str:
        return self._digits(3)

    def _url_user(self) -> str:
        return f"{self._fake.user_name()}:{self._digits(6)}x"

    def _url_token(self) -> str:
        return "".join(self._random.choices(string.ascii_letters + string.digits, k=24))

    def _address(self) -> str:
        street = self._fake.street_address().replace("\n", ", ")
        if self._locale == "en_GB":
            return f"{self._random.randint(1, 180)} {self._fake.street_name()}, {self._uk_postcode()}"
        if self._locale == "en_US":
            return f"{street}, {self._fake.city()}, {self._fake.state_abbr(include_territories=False)} {self._fake.postcode()}"
        return (
            f"{street}, {self._fake.postcode()} {self._fake.city()}"
            if self._random.random() < 0.5 and not self._locale.startswith("en")
            else street
        )

    def _uk_postcode(self) -> str:
        outward = f"{self._random.choice(('SW', 'LS', 'M', 'BS', 'EH'))}{self._random.randint(1, 20)}"
        return f"{outward} {self._random.randint(1, 9)}{self._random.choice('ABDEFGHJ')}{self._random.choice('LNPQRSTU')}"

    def _dob(self) -> str:
        day, month, year = self._random.randint(1, 28), self._random.randint(1, 12), self._random.randint(1938, 2006)
        named = ("January", "March", "May", "August", "October", "December")[month % 6]
        return self._random.choice(
            (
                f"{day:02}/{month:02}/{year}",
                f"{day}.{month}.{year}",
                f"{day} {named} {year}",
                f"{named} {day}, {year}",
                f"{year}-{month:02}-{day:02}",
            )
        )

    def _order(self) -> str:
        return self._random.choice(
            (
                f"{self._upper(2)}-{self._digits(7)}",
                self._digits(8),
                f"{self._upper(3)}{self._digits(6)}",
                f"{self._digits(3)}-{self._digits(7)}-{self._digits(7)}",
            )
        )

    def _account(self) -> str:
        return self._random.choice(
            (self._digits(8), self._digits(10), f"{self._upper(2)}-{self._digits(6)}", f"{self._upper(1)}{self._digits(7)}")
        )

    def _booking(self) -> str:
        return self._until(
            lambda code: any(map(str.isdigit, code)), lambda: "".join(self._random.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=6))
        )

    def _case(self) -> str:
        return self._random.choice((self._digits(7), f"{self._upper(3)}-{self._digits(5)}", f"CAS-{self._digits(5)}-{self._upper(4)}"))

    def _policy(self) -> str:
        return f"{self._upper(2)}{self._digits(8)}"

    def _invoice(self) -> str:
        return self._random.choice((f"INV-{self._random.randint(2019, 2026)}-{self._digits(5)}", self._digits(9), f"R{self._digits(6)}"))

    def _tracking(self) -> str:
        return self._random.choice((f"1Z{self._upper(3)}{self._digits(13)}", f"{self._upper(2)}{self._digits(9)}GB", self._digits(12)))

    def _userid(self) -> str:
        return f"{self._fake.first_name().lower()}_{self._fake.last_name().lower().replace(' ', '_')}_{self._digits(4)}"

    # What must stay.
    def _amount(self) -> str:
        number = self._random.uniform(3, 4000)
        return self._random.choice(
            (f"${number:,.2f}", f"£{number:.2f}", f"€{number:,.0f}", f"{number:.2f} EUR", f"{number:,.2f} dollars", f"CHF {number:.2f}")
        )

    def _plainamount(self) -> str:
        return f"{self._random.uniform(10, 9000):.2f}"

    def _date(self) -> str:
        day, month, year = self._random.randint(1, 28), self._random.randint(1, 12), self._random.choice((2025, 2026, 2027))
        named = ("January", "Feb", "April", "June", "July", "September", "November")[month % 7]
        return self._random.choice(
            (
                f"{day:02}/{month:02}/{year}",
                f"{day}.{month}.{year}",
                f"{year}-{month:02}-{day:02}",
                f"{day} {named}",
                f"{named} {day}",
                "Monday",
                f"the {day}th",
            )
        )

    def _time(self) -> str:
        hour, minute = self._random.randint(0, 23), self._random.randint(0, 59)
        return self._random.choice(
            (
                f"{hour}:{minute:02}",
                f"{hour % 12 + 1} pm",
                f"{hour:02}:{minute:02}:{self._random.randint(0, 59):02}",
                f"{hour % 12 + 1}:{minute:02} am",
            )
        )

    def _isotime(self) -> str:
        day = f"2026-{self._random.randint(1, 12):02}-{self._random.randint(1, 28):02}"
        return f"{day}T{self._random.randint(0, 23):02}:15:{self._random.randint(10, 59)}Z"

    def _days(self) -> str:
        return str(self._random.randint(2, 45))

    _qty = _nights = _points = _days

    def _last4(self) -> str:
        return self._digits(4)

    def _error(self) -> str:
        return self._random.choice(
            (
                f"E-{self._digits(4)}",
                f"0x8007{self._digits(4)}",
                f"ERR_{self._digits(5)}",
                f"F{self._digits(2)}",
                f"HTTP {self._random.choice((404, 500, 503))}",
            )
        )

    def _code(self) -> str:
        return self._random.choice((self._digits(3), f"ORA-0{self._digits(4)}", f"K{self._digits(2)}"))

    def _version(self) -> str:
        return self._random.choice(
            (
                f"{self._digits(1)}.{self._digits(2)}.{self._digits(1)}",
                f"v{self._digits(1)}.{self._digits(1)}",
                f"{self._digits(1)}.{self._digits(1)}.{self._digits(1)}.{self._digits(2)}",
                f"20{self._digits(2)}.{self._digits(2)}",
            )
        )

    def _product(self) -> str:
        return self._random.choice(
            (
                f"WH-{self._digits(4)}XM5",
                f"iPhone {self._digits(2)}",
                "Galaxy S24 Ultra",
                f"DeskJet {self._digits(4)}e",
                f"kettle KT-{self._digits(3)}",
                "oak garden table",
                f"Thinkpad T{self._digits(2)}s",
            )
        )

    def _year(self) -> str:
        return str(self._random.randint(1995, 2026))

    def _room(self) -> str:
        return self._random.choice((self._digits(3), self._digits(4), f"B{self._digits(2)}"))

    _postleft = _room

    def _hex(self) -> str:
        return "".join(self._random.choices("0123456789abcdef", k=self._random.choice((12, 32, 40))))

    def _hexaddr(self) -> str:
        return "".join(self._random.choices("0123456789abcdef", k=8))

    def _local_ip(self) -> str:
        return f"192.168.{self._random.randint(0, 9)}.{self._random.randint(1, 254)}"

    def _flight(self) -> str:
        return f"{self._random.choice(('BA', 'LX', 'U2', 'LH'))}{self._digits(3)}"

    def _seat(self) -> str:
        return f"{self._random.randint(1, 40)}{self._random.choice('ABCDEF')}"

    _gate = _seat

    def _weight(self) -> str:
        return f"{self._random.randint(2, 60)} kg"

    def _expiry(self) -> str:
        return f"{self._random.randint(1, 12):02}/{self._random.randint(26, 31)}"

    def _relation(self) -> str:
        return self._random.choice(("and I", "already", "has"))

    def _shop(self) -> str:
        return self._random.choice(("the bakery", "the garage next door", "accounting"))

    def _serialish(self) -> str:
        return f"on the back, {self._digits(2)}"

    def _part(self) -> str:
        return f"{self._upper(2)}-{self._digits(3)}"

    def _sixdigits(self) -> str:
        return f"{self._random.randint(100, 999)},{self._random.randint(100, 999)}"

    def _reading(self) -> str:
        return f"{self._digits(5)} kWh"

    def _rate(self) -> str:
        return f"0.{self._digits(4)} EUR"

    def _ping(self) -> str:
        return self._digits(2)


_FAKERS: dict[str, Faker] = {}


def _fakers(locale: str) -> Faker:
    if locale not in _FAKERS:
        _FAKERS[locale] = Faker(locale)
    return _FAKERS[locale]


def fill(template: str, seed: int) -> Conversation:
    """Return a template with values."""
    marks, body = template.split("|", 1)
    known, language = marks.split()
    values = Values(seed, language)
    texts: list[str] = []
    pieces: list[Piece] = []
    kept: list[Piece] = []
    for turn, raw in enumerate(body.replace("\\n", "\n").replace('\\"', '"').split("||")):
        text, done = "", 0
        for match in _SLOT.finditer(raw):
            text += raw[done : match.start()]
            done = match.end()
            stays, slot, part = match.groups()
            value = values.of(slot, part)
            if part != "title":
                piece = Piece(
                    turn, len(text), len(text) + len(value), "" if stays else KINDS[slot.rstrip("2") if slot not in KINDS else slot], slot
                )
                (kept if stays else pieces).append(piece)
            text += value
        texts.append(text + raw[done:])
    names = [values.of("customer", None), values.of("agent", None)] if known == "f" else []
    return Conversation(texts, names, pieces, kept)


def conversations(part: str, seed: int, count: int) -> Iterator[Conversation]:
    """Yield conversations, the templates in turn."""
    lines = templates(part)
    for number in range(count):
        yield fill(lines[number % len(lines)], seed * 1_000_003 + number)


def redacted_spans(before: str, after: str) -> list[tuple[int, int, str]]:
    """Return what stands for what: start, end and kind of each placeholder, in the text before."""
    spans: list[tuple[int, int, str]] = []
    parts = _PLACEHOLDER.split(after)
    place = len(parts[0])
    for index in range(1, len(parts), 2):
        following = parts[index + 1]
        last = index + 2 >= len(parts)
        end = len(before) - len(following) if last else (before.index(following, place + 1) if following else place + 1)
        spans.append((place, end, parts[index].lower()))
        place = end + len(following)
    return spans


def measure(redactor: Redactor, corpus: Sequence[Conversation]) -> dict[str, Tally]:
    """Return what was found and what was not, by kind."""
    tallies = {kind: Tally() for kind in sorted(set(KINDS.values()))}
    for conversation in corpus:
        redacted = redactor.redact_texts(conversation.texts, conversation.names).texts
        for turn, (before, after) in enumerate(zip(conversation.texts, redacted, strict=True)):
            _score(before, redacted_spans(before, after), [piece for piece in conversation.pieces if piece.turn == turn], tallies)
    return tallies


def _score(text: str, spans: list[tuple[int, int, str]], pieces: list[Piece], tallies: dict[str, Tally]) -> None:
    gone = {place for start, end, _ in spans for place in range(start, end)}
    gold = {place for piece in pieces for place in range(piece.start, piece.end)}
    for piece in pieces:
        tally = tallies[piece.kind]
        tally.pieces += 1
        found = all(place in gone for place in range(piece.start, piece.end) if text[place].isalnum())
        tally.found += found
        tally.right_kind += any(start < piece.end and piece.start < end and kind == piece.kind for start, end, kind in spans)
        if not found:
            tally.examples.append(f"missed {piece.slot}: {_shown(text, piece.start, piece.end)}")
    for start, end, kind in spans:
        wrong = sum(text[place].isalnum() for place in range(start, end) if place not in gold)
        if wrong:
            tallies[kind].false += 1
            tallies[kind].examples.append(f"false {kind}: {_shown(text, start, end)}")


def _shown(text: str, start: int, end: int) -> str:
    return f"{text[max(0, start - 30) : start]}⟦{text[start:end]}⟧{text[end : end + 20]}".replace("\n", "⏎")


def speed(redactor: Redactor, corpus: Sequence[tuple[list[str], list[str]]]) -> dict[str, float]:
    """Return conversations a second: redaction, and a digit scan of the same text by `re` alone."""
    digits = re.compile(r"\d+")
    return {
        "blocks": _rate(lambda: [redactor.redact_many(corpus[at : at + BLOCK]) for at in range(0, len(corpus), BLOCK)], len(corpus)),
        "one_by_one": _rate(lambda: [redactor.redact_texts(texts, names) for texts, names in corpus], len(corpus)),
        "re_digits_only": _rate(lambda: [digits.findall("\n".join(texts)) for texts, _ in corpus], len(corpus)),
    }


def _rate(work: Callable[[], object], count: int) -> float:
    best = float("inf")
    for _ in range(5):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return count / best


def _read(path: Path) -> list[tuple[list[str], list[str]]]:
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        ([turn["text"] for turn in record["turns"]], [name for name in (record.get("customer"), record.get("agent")) if name])
        for record in records
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--part", choices=("dev", "held-out", "all"), default="held-out")
    parser.add_argument("--show", default="", help="print what was missed or falsely found of a kind (development only)")
    parser.add_argument("--speed", type=Path, help="measure speed on the conversations of a JSON Lines file instead of the corpus")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    redactor = Redactor(RedactionSettings(), bytes(32))
    corpus = list(conversations(options.part, options.seed, options.count))
    tallies = measure(redactor, corpus)
    rates = speed(redactor, _read(options.speed) if options.speed else [(item.texts, item.names) for item in corpus])
    if options.json:
        table = {
            kind: {"pieces": tally.pieces, "found": tally.found, "right_kind": tally.right_kind, "false": tally.false}
            for kind, tally in tallies.items()
        }
        print(json.dumps({"part": options.part, "seed": options.seed, "conversations": len(corpus), "kinds": table, "speed": rates}))
        return 0
    kept = sum(len(item.kept) for item in corpus)
    print(
        f"{len(corpus)} conversations from {len(templates(options.part))} templates ({options.part}), seed {options.seed}; "
        f"{kept} hard negatives in them"
    )
    print(f"{'kind':12} {'pieces':>7} {'found':>7} {'recall':>7} {'kind right':>10} {'false':>6} {'per 1000':>8}")
    for kind, tally in tallies.items():
        recall = f"{tally.found / tally.pieces:.4f}" if tally.pieces else "–"
        print(
            f"{kind:12} {tally.pieces:7} {tally.found:7} {recall:>7} {tally.right_kind / max(tally.pieces, 1):10.4f} "
            f"{tally.false:6} {1000 * tally.false / len(corpus):8.2f}"
        )
    print(
        f"{rates['blocks']:,.0f} conversations/s in blocks of {BLOCK}, {rates['one_by_one']:,.0f} one by one; "
        f"a scan for digits by re alone: {rates['re_digits_only']:,.0f}, ratio {rates['blocks'] / rates['re_digits_only']:.3f}"
    )
    for kind, tally in tallies.items():
        if options.show in {kind, "all"}:
            print(*(f"  {text} x{count}" for text, count in Counter(tally.examples).most_common(60)), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
