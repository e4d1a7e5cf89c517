"""Files: JSON Lines, JSON, CSV, Parquet, WebVTT and SRT, plain or compressed, single or in folders and globs."""

import csv
import glob
import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from clearbar.errors import Rejection, SourceError
from clearbar.model import digest
from clearbar.plural import plural
from clearbar.sources.captions import read_captions
from clearbar.sources.mapping import FieldMap
from clearbar.sources.record import MAX_CHARACTERS, RecordError, read_record
from clearbar.sources.tables import TableShape, group_turns
from clearbar.transcript import Transcript

__all__ = ["FORMATS", "STDIN", "FileSource"]

FORMATS: Final = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".vtt", ".srt")
STDIN: Final = "-"
_CAPTIONS: Final = (".vtt", ".srt")
_PACKED: Final = (".gz", ".zst")
_HEAD: Final = 4096
_PRINTED: Final = bytes({*range(0x20, 0x100), *b"\t\n\r\f\x1b"})
_MOST_CONTROL, _FEW_CONTROL = 0.02, 4
"""Share of control characters in a text that was damaged, and how many say nothing; a binary file holds more."""
_MAGIC: Final = (b"%PDF", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"SQLite format 3", b"\x7fELF", b"GIF8", b"PAR1", b"\x1f\x8b")
_LINE_LIMIT: Final = 16 * MAX_CHARACTERS
"""Bytes of one line: a conversation at the limit, with every character escaped."""
_CELL_LIMIT: Final = 2**31 - 1
"""Of a table's cell, as far as the reader goes: a conversation that is too long is rejected by itself, and not with its file."""


class FileSource:
    """Conversations in files.

    Parameters
    ----------
    uri
        A file, a folder (read to its depths), a glob, or `-` for JSON Lines from stdin.
    fields
        Where fields stand in the records.
    root
        Folder against which the path is named.
    notice
        Called with lines about what was skipped.

    Raises
    ------
    SourceError
        If there is no such file, or a folder holds none that can be read.
    """

    kind = "files"

    def __init__(self, uri: str, fields: FieldMap, *, root: Path, notice: Callable[[str], None]) -> None:
        self._fields = fields
        self._notice = notice
        self._single = False
        self._files = self._list(uri)
        self.name = "stdin" if uri == STDIN else _relative(Path(uri), root)
        self.fingerprint = digest(["files", self.name])[:16]

    def _list(self, uri: str) -> list[Path]:
        path = Path(uri)
        if path.is_file() or uri == STDIN:
            self._single = True
            return [path]
        inside = (item for item in path.rglob("*") if not any(part.startswith(".") for part in item.relative_to(path).parts))
        found = sorted(item for item in (inside if path.is_dir() else map(Path, glob.glob(uri, recursive=True))) if item.is_file())  # noqa: PTH207 - the pattern may be absolute
        if not found:
            raise SourceError(
                f"source {uri!r}: there is no such file or folder, and no file matches",
                fix="check the path; quote a glob against the shell",
            )
        known = [item for item in found if _format(item)]
        if skipped := len(found) - len(known):
            others = plural(skipped, "file of another kind was", "files of other kinds were")
            self._notice(f"{uri}: {others} skipped (read are {', '.join(FORMATS)}, also .gz and .zst)")
        if not known:
            raise SourceError(
                f"source {uri!r}: holds {plural(len(found), 'file')} and none that can be read",
                fix=f"expected {', '.join(FORMATS)}, also .gz and .zst",
            )
        return known

    def pull(self, since: datetime | None = None) -> Iterator[tuple[str, Transcript | Rejection]]:
        """Yield (place, what was read) a record; files know no earlier state, so all are read."""
        del since
        for file in self._files:
            try:
                yield from self._read(file)
            except _faults(file) as error:
                yield str(file), Rejection(where=str(file), reason=_reason(error))

    def _read(self, file: Path) -> Iterator[tuple[str, Transcript | Rejection]]:
        kind = _format(file) or ".jsonl"
        if kind == ".parquet":
            yield from self._rows(file, _parquet_rows(file))
            return
        with _open(file) as stream:
            head = stream.peek(_HEAD)[:_HEAD]  # type: ignore[attr-defined]
            encoding = _encoding(head)
            if kind in _CAPTIONS:
                records: Iterable[tuple[str, Any]] = [
                    (str(file), read_captions(_bare(file), _decode(stream.read(), encoding), self._fields))
                ]
            elif kind in {".csv", ".tsv"}:
                yield from self._rows(file, _csv_rows(file, stream, encoding, kind))
                return
            elif kind == ".json":
                records = _json_records(file, stream.read(), encoding, self._fields)
            else:
                records = _json_lines(file, stream, encoding)
            yield from self._records(file, records, FieldMap(roles=self._fields.roles) if kind in _CAPTIONS else self._fields)

    def _rows(self, file: Path, rows: Iterator[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, Transcript | Rejection]]:
        first = next(rows, None)
        if first is None:
            raise ValueError("has no rows")
        shape = TableShape(first[1], self._fields, str(file))
        yield from self._records(file, group_turns(chain([first], rows), shape), shape.record_fields)

    def _records(self, file: Path, records: Iterable[tuple[str, Any]], fields: FieldMap) -> Iterator[tuple[str, Transcript | Rejection]]:
        labels = 0
        for place, record in records:
            if isinstance(record, Rejection):
                yield place, record
            elif _is_label(record):
                labels += 1
            else:
                yield place, self._transcript(place, record, fields)
        if labels:
            self._notice(f"{file}: {plural(labels, 'record')} skipped that are labels, not conversations (check reads them with --labels)")

    def _transcript(self, place: str, record: Any, fields: FieldMap) -> Transcript | Rejection:
        try:
            return read_record(record, self.fingerprint, fields)
        except RecordError as error:
            return Rejection(where=place, reason=str(error), id=error.id)


def _relative(path: Path, root: Path) -> str:
    full = Path(path.absolute())
    resolved = Path(*full.parts[:1], *(part for part in full.parts[1:] if part != "."))
    if ".." in resolved.parts:
        resolved = resolved.resolve()
    return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else resolved.as_posix()


def _bare(file: Path) -> str:
    return file.name.removesuffix(file.suffix) if file.suffix in _PACKED else file.name


def _format(file: Path) -> str | None:
    suffix = Path(_bare(file)).suffix.lower()
    return suffix if suffix in FORMATS else None


def _open(file: Path) -> BinaryIO:
    if str(file) == STDIN:
        return open(0, "rb", closefd=False)
    if file.suffix == ".gz":
        return io.BufferedReader(gzip.open(file))
    if file.suffix == ".zst":
        import zstandard  # noqa: PLC0415 - only such files need it

        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(file.open("rb"), closefd=True))
    return file.open("rb")


def _faults(file: Path) -> tuple[type[Exception], ...]:
    """Return what reading a file raises when the file is at fault."""
    if file.suffix != ".zst":
        return OSError, EOFError, ValueError, SourceError
    import zstandard  # noqa: PLC0415 - only such files need it

    return OSError, EOFError, ValueError, SourceError, zstandard.ZstdError


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if len(head.translate(None, _PRINTED)) > max(len(head) * _MOST_CONTROL, _FEW_CONTROL) or head.startswith(_MAGIC):
        raise ValueError("is a binary file (expected text in UTF-8: JSON Lines, JSON, CSV, WebVTT or SRT)")
    return "utf-8-sig"


def _decode(data: bytes, encoding: str) -> str:
    # Bytes that are no UTF-8 become lone surrogates here and U+FFFD, counted, with all others later.
    return data.decode(encoding, errors="surrogateescape" if encoding != "utf-16" else "replace")


def _json_lines(file: Path, stream: BinaryIO, encoding: str) -> Iterator[tuple[str, Any]]:
    lines: Iterable[bytes] = (
        _decode(stream.read(), encoding).encode().split(b"\n") if encoding == "utf-16" else iter(lambda: stream.readline(_LINE_LIMIT), b"")
    )
    for number, line in enumerate(lines, 1):
        data = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if data.strip():
            place = f"{file}:{number}"
            yield place, _parse(place, data)


def _parse(place: str, data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:  # the standard library takes lone surrogates, which are mended later
        return json.loads(_decode(data, "utf-8"))
    except json.JSONDecodeError as error:
        return Rejection(where=place, reason=f"is not valid JSON ({error.msg} at column {error.colno}); one object a line is expected")
    except RecursionError:
        return Rejection(where=place, reason="is nested too deeply to be a transcript")
    except ValueError:
        return Rejection(where=place, reason="holds a number of too many digits")


def _json_records(file: Path, data: bytes, encoding: str, fields: FieldMap) -> Iterator[tuple[str, Any]]:
    text = _decode(data, encoding)
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if error.msg == "Extra data" and len(lines) > 1 and lines[0].lstrip().startswith("{") and lines[0].rstrip().endswith("}"):
            yield from _json_lines(file, io.BytesIO(data), encoding)
            return
        raise ValueError(f"is not valid JSON ({error.msg} at line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise ValueError("is nested too deeply to hold transcripts") from None
    if isinstance(found, dict) and fields.find(found, "turns") is None:
        found = next(
            (found[name] for name in ("conversations", "transcripts", "records", "data", "items") if isinstance(found.get(name), list)),
            found,
        )
    yield from ((f"{file}[{index}]", item) for index, item in enumerate(found)) if isinstance(found, list) else [(str(file), found)]


def _csv_rows(file: Path, stream: BinaryIO, encoding: str, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    text = io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape" if encoding != "utf-16" else "replace", newline="")
    sample = text.readline()  # not read again by seeking: a compressed stream may not go back
    delimiter = "\t" if kind == ".tsv" else max(",;\t|", key=sample.count)
    csv.field_size_limit(_CELL_LIMIT)
    reader = csv.DictReader(chain([sample], text), delimiter=delimiter)
    try:
        for row in reader:
            row.pop(None, None)  # cells beyond the header
            yield f"{file}:{reader.line_num}", row
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num} is no readable CSV ({error})") from None
    finally:
        if not text.closed:
            text.detach()  # whoever opened the stream closes it


def _parquet_rows(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    import pyarrow.parquet  # noqa: PLC0415 - only such files need it

    try:
        table = pyarrow.parquet.ParquetFile(file)
    except pyarrow.ArrowException:
        raise ValueError("is no readable Parquet file") from None
    number = 0
    try:
        for batch in table.iter_batches():
            for row in batch.to_pylist():
                number += 1
                yield f"{file}:{number}", row
    except pyarrow.ArrowException:
        raise ValueError(f"cannot be read as Parquet behind row {number}") from None


def _is_label(record: Any) -> bool:
    return isinstance(record, dict) and isinstance(record.get("levels"), dict) and "turns" not in record


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"cannot be read ({error.strerror or error})"
    if isinstance(error, EOFError):
        return "is cut off: the compressed file ends too early"
    if type(error).__name__ == "ZstdError":
        return "cannot be read (no Zstandard file, or a damaged one)"
    return str(error).split(": ", 1)[-1] if isinstance(error, SourceError) else str(error)
