"""Labels as files: JSON Lines of their own, or inside transcript records."""

import glob
import gzip
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson
from pydantic import ValidationError

from clearbar.errors import LabelError, Rejection
from clearbar.label import NA, Label
from clearbar.labelled import Provenance, Resolved, Ruling, resolve
from clearbar.plural import plural

__all__ = ["Provenance", "Resolved", "Ruling", "is_label", "label_files", "read_labels", "read_provenance", "resolve"]

_ENDINGS: Final = (".jsonl", ".ndjson", ".jsonl.gz", ".jsonl.zst")
_FIELDS: Final = frozenset(Label.model_fields)
Notice = Callable[[str], None]


def is_label(record: Any) -> bool:
    """Whether a record is a label and no transcript: it holds `levels` of its own and no turns."""
    return isinstance(record, dict) and isinstance(record.get("levels"), dict) and "turns" not in record


def label_files(paths: Sequence[str | Path]) -> list[Path]:
    """Return the label files that files, folders and globs name, each once.

    Raises
    ------
    LabelError
        If one of them names nothing.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        there = [path] if path.is_file() else sorted(_inside(path))
        if not there:
            raise LabelError(f"labels {str(path)!r}: there is no such file, and no JSON Lines file matches", fix="check the path")
        found += there
    return list(dict.fromkeys(found))


def _inside(path: Path) -> list[Path]:
    several = path.rglob("*") if path.is_dir() else map(Path, glob.glob(str(path), recursive=True))  # noqa: PTH207 - may be absolute
    return [item for item in several if item.is_file() and item.name.endswith(_ENDINGS)]


def read_provenance(paths: Sequence[str | Path]) -> Provenance:
    """Return where the labels come from: what all files agree on, else `mixed` or `unknown`.

    Raises
    ------
    LabelError
        If a provenance file cannot be used.
    """
    stated = [_provenance_of(path) for path in label_files(paths)]
    if len(set(stated)) == 1:
        return stated[0]
    whole = stated[0].model_dump()
    for other in stated[1:]:
        for name, value in other.model_dump().items():
            if whole[name] != value:
                whole[name] = _in_doubt(name, whole[name], value)
    return Provenance.model_validate(whole)


def _in_doubt(name: str, one: Any, other: Any) -> Any:
    if name == "comparable":
        return tuple(team for team in one if team in other)
    if name == "conversations":
        return "unknown" if "unknown" in {one, other} else "mixed"
    return "" if name == "note" else "unknown"


def _provenance_of(path: Path) -> Provenance:
    stem = next((path.name.removesuffix(ending) for ending in _ENDINGS if path.name.endswith(ending)), path.stem)
    places = (path.with_name(f"{stem}.provenance.json"), path.with_name("provenance.json"))
    beside = next((place for place in places if place.is_file()), None)
    if beside is None:
        return Provenance()
    try:
        return Provenance.model_validate_json(beside.read_bytes())
    except ValidationError as error:
        raise LabelError(f"{beside}: {_faults(error)}", fix="clearbar labels import --help says what its fields are") from error


def read_labels(paths: Sequence[str | Path], notice: Notice) -> tuple[list[Label], list[Rejection]]:
    """Return all labels in files, and the records that cannot be used.

    A record is a label itself, or a transcript with `"labels": {"levels": …}` (or a list of them). Fields that no label has
    are counted and left; a level that is neither number, word nor null is left, and told with its line.

    Parameters
    ----------
    paths
        Files, folders and globs; JSON Lines, also packed with gzip or Zstandard.
    notice
        Called with one line for whatever was left out.

    Raises
    ------
    LabelError
        If a path names nothing or a file cannot be read.
    """
    labels: list[Label] = []
    rejections: list[Rejection] = []
    for path in label_files(paths):
        reading = _Reading(path, notice)
        labels += reading.labels
        rejections += reading.rejections
    return labels, rejections


class _Reading:
    """One file: its labels, its rejections, and what was ignored."""

    def __init__(self, path: Path, notice: Notice) -> None:
        self.labels: list[Label] = []
        self.rejections: list[Rejection] = []
        self._ignored: Counter[str] = Counter()
        self._notice = notice
        self._bare = 0
        for number, line in enumerate(_lines(path), start=1):
            if line.strip():
                self._take(line, f"{path.name}:{number}")
        if self._bare:
            notice(f"{path.name}: {plural(self._bare, 'transcript holds', 'transcripts hold')} no levels")
        if self._ignored:
            notice(f"{path.name}: fields that no label has were ignored: {_counted(self._ignored)}")

    def _take(self, line: bytes, where: str) -> None:
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            self._reject(where, f"no JSON ({error.msg} at character {error.pos})")
            return
        if not isinstance(record, dict):
            self._reject(where, "no JSON object")
        elif is_label(record):
            self._label(record, where)
        else:
            self._inside(record, where)

    def _inside(self, record: dict[str, Any], where: str) -> None:
        """Take the labels of a transcript record."""
        held = record.get("labels")
        several = [item for item in (held if isinstance(held, list) else [held]) if isinstance(item, dict) and "levels" in item]
        if "turns" not in record and not several:
            self._reject(where, "neither a label (no 'levels') nor a transcript with labels", record.get("id"))
        elif not several:
            self._bare += 1
        for item in several:
            self._label({"id": record.get("id"), **item}, where)

    def _label(self, record: dict[str, Any], where: str) -> None:
        self._ignored.update(name for name in record if name not in _FIELDS)
        known = {name: value for name, value in record.items() if name in _FIELDS and value is not None}
        if isinstance(known.get("id"), int) and not isinstance(known["id"], bool):
            known["id"] = str(known["id"])
        if isinstance(known.get("levels"), dict):
            known["levels"] = dict(self._levels(known["levels"], where))
        try:
            self.labels.append(Label.model_validate(known))
        except ValidationError as error:
            self._reject(where, _faults(error), record.get("id"))

    def _levels(self, levels: dict[str, Any], where: str) -> Iterator[tuple[str, int | str]]:
        for criterion, level in levels.items():
            if isinstance(level, float) and level.is_integer():
                yield criterion, int(level)
            elif isinstance(level, str):
                yield criterion, NA if level.strip().lower() in {"na", "n/a"} else level
            elif isinstance(level, int) and not isinstance(level, bool):
                yield criterion, level
            elif level is not None:
                self._notice(f"{where}: levels.{criterion} is neither a whole number, a level's id nor 'na' and counts as missing")

    def _reject(self, where: str, reason: str, id: Any = None) -> None:
        self.rejections.append(Rejection(where=where, reason=reason, id=id if isinstance(id, str) else None))


def _faults(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'the record'}: {fault['msg']}" for fault in found[:SHOWN])


SHOWN: Final = 5
"""So many faults of one record are told."""


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} ({number})" for name, number in sorted(counts.items()))


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with _opened(path) as file:
            yield from file
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged"
        raise LabelError(f"labels {str(path)!r}: cannot be read ({reason})", fix="check the file and its permissions") from error


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return gzip.open(path)  # type: ignore[return-value]  # a binary stream, which typeshed names apart
    if path.suffix == ".zst":
        import zstandard  # noqa: PLC0415 - only where it is needed

        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(path.open("rb"), closefd=True))
    return path.open("rb")
