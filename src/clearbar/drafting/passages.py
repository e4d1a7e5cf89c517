"""Articles as plain text: their sentences, and whether quoted words stand in them."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from clearbar.articles import Passage
from clearbar.errors import SourceError
from clearbar.grading.llm.evidence import Locator
from clearbar.grading.llm.tokens import estimate_tokens
from clearbar.model import Model
from clearbar.transcript import Role, Turn

__all__ = ["MAX_QUOTE", "ArticleText", "identifier", "read_articles", "shorten", "split_text", "words_of"]

MAX_QUOTE: Final = 25
"""Words of a passage that are quoted."""
_SUFFIXES: Final = {".txt", ".md", ".markdown"}
_LARGEST: Final = 2_000_000
"""Bytes; a longer file is no article."""
_BLOCK = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*+•]|\d+[.)]|#{1,6})[ \t])")
_MARKUP = re.compile(r"^[ \t]*(?:[-*+•>]|\d+[.)]|#{1,6})[ \t]+")
_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)\]*_]*\s+(?=[\"'“‘(\[*_]*[A-Z0-9])")  # noqa: RUF001 - typographic quotes
_CUTS: Final = (re.compile(r"\n[ \t]*\n\s*"), _SENTENCE, re.compile(r"\s+"))
OVERLAP: Final = 0.1
"""Share of a part up to which the last piece of the part before is read once more."""
_WORD = re.compile(r"\w+(?:['’]\w+)?")


class ArticleText(Model):
    """One file with an article."""

    id: str
    """For ids in the draft."""
    file: str
    """The file's name."""
    text: str

    @property
    def title(self) -> str:
        """The first line that holds words, or the file's name."""
        lines = (_MARKUP.sub("", line).strip(" \t*_#") for line in self.text.splitlines())
        return next((line[:120] for line in lines if _WORD.search(line)), self.file)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """Return the sentences in order, with spaces made single and marks of lists and headings left out."""
        return tuple(sentence for block in _BLOCK.split(self.text) for sentence in _sentences(block))

    def find(self, quote: str) -> Passage | None:
        """Return the passage that quoted words stand for, as the file has them and cut to `MAX_QUOTE` words; None if they stand nowhere."""
        found = self._locator.find(0, quote)
        return Passage(file=self.file, quote=shorten(found.quote)) if found else None

    @cached_property
    def _locator(self) -> Locator:
        return Locator([Turn(role=Role.NOTE, text=self.text)])


def read_articles(paths: Sequence[Path]) -> list[ArticleText]:
    """Return the articles in text and Markdown files; a folder stands for those in it.

    Raises
    ------
    SourceError
        Naming the file that cannot be read, is no text or holds no words.
    """
    files = [file for path in paths for file in (sorted(_inside(path)) if path.is_dir() else [path])]
    if not files:
        raise SourceError(f"there is no article in {', '.join(map(str, paths))}", fix="name .txt or .md files")
    articles: dict[Path, ArticleText] = {}
    for file in files:
        if file.resolve() not in articles:
            taken = {article.id for article in articles.values()}
            articles[file.resolve()] = ArticleText(id=identifier(file.stem, taken, "article"), file=file.name, text=_read(file))
    return list(articles.values())


def split_text(text: str, room: int) -> list[str]:
    """Return a text in parts of at most `room` estimated tokens, with nothing left out.

    Parts end between paragraphs; where one is longer than a part, between sentences; else between words, and at worst within one. A part
    begins with the last piece of the part before where that is short, so that what belongs together is read together.
    """
    pieces = [(span, estimate_tokens(text[span[0] : span[1]])) for span in _pieces(text, (0, len(text)), room, _CUTS)]
    parts: list[tuple[int, int]] = []
    start, size = 0, 0
    for place, (_, cost) in enumerate(pieces):
        if size + cost > room and place > start:
            parts.append((start, place))
            before = pieces[place - 1][1]
            again = place - 1 > start and before <= room * OVERLAP and before + cost <= room
            start, size = (place - 1, before) if again else (place, 0)
        size += cost
    spans = [(pieces[first][0][0], pieces[last - 1][0][1]) for first, last in [*parts, (start, len(pieces))] if first < last]
    return [text[first:last] for first, last in spans]


def _pieces(text: str, span: tuple[int, int], room: int, cuts: Sequence[re.Pattern[str]]) -> Iterator[tuple[int, int]]:
    """Yield spans of a text, none larger than a part; together they hold all of it but the space at the cuts."""
    first, last = span
    if estimate_tokens(text[first:last]) <= room:
        yield span
    elif not cuts:  # no text has more tokens than characters
        yield from ((start, min(start + room, last)) for start in range(first, last, room))
    else:
        for found in cuts[0].finditer(text, first, last):
            yield from _pieces(text, (first, found.start()), room, cuts[1:])
            first = found.end()
        yield from _pieces(text, (first, last), room, cuts[1:])


def identifier(words: str, taken: set[str] | frozenset[str], otherwise: str) -> str:
    """Return an id made of words that is not taken yet."""
    plain = "_".join(re.findall(r"[a-z0-9]+", words.lower()))[:50].strip("_")
    stem = plain if plain[:1].isalpha() else f"{otherwise}_{plain}".rstrip("_")
    number = 1
    while (made := stem if number == 1 else f"{stem}_{number}") in taken:
        number += 1
    return made


def shorten(quote: str) -> str:
    """Return the first `MAX_QUOTE` words of a quote, with spaces made single."""
    return " ".join(quote.split()[:MAX_QUOTE])


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return _WORD.findall(text.lower())


def _inside(folder: Path) -> Iterator[Path]:
    return (file for file in folder.iterdir() if file.is_file() and file.suffix.lower() in _SUFFIXES)


def _read(file: Path) -> str:
    fix = "name a text or Markdown file in UTF-8"
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SourceError(f"{file}: cannot be read ({error.strerror})", fix=fix) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{file}: is no UTF-8 text (byte {error.start})", fix=fix) from error
    if len(data) > _LARGEST or "\x00" in text:
        raise SourceError(f"{file}: is no article", fix=fix)
    if not _WORD.search(text):
        raise SourceError(f"{file}: holds no words", fix=fix)
    return text.replace("\r\n", "\n")


def _sentences(block: str) -> Iterator[str]:
    bare = " ".join(_MARKUP.sub("", block.strip("\n")).split())
    return (sentence for sentence in _SENTENCE.split(bare) if _WORD.search(sentence))
