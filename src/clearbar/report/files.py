"""Reports as files: for each team a folder with its page, tables and machine twin; above them a page over all teams."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import IO, Any, Final

from clearbar.errors import ClearbarError, UsageError
from clearbar.report.inputs import Difference
from clearbar.report.model import IndexReport, TeamReport
from clearbar.report.page import render_index, render_team
from clearbar.report.tables import (
    CONVERSATION_COLUMNS,
    VERDICT_COLUMNS,
    conversation_rows,
    to_json,
    verdict_rows,
    write_csv,
    write_parquet,
)

__all__ = ["Content", "Register", "build_index", "part_of", "render_files", "write_content", "write_files", "write_reports"]

Content = bytes | Callable[[IO[bytes]], None]
"""What a file holds, or what writes it."""

_PART: Final = ".part"
_OF_INDEX: Final = {
    *("team", "slug", "conversations", "small", "score", "clears", "provisional", "unscored", "by_conversation", "by_verdict"),
    *("auto_failed", "auto_failed_confirmed", "disputes", "held_back", "revisions"),
}


class Register:
    """Hears of files before they are there; this one keeps no record of them."""

    def announce(self, places: Sequence[str]) -> None:
        """Hear where files will lie, before the first byte is written."""

    def settling(self) -> AbstractContextManager[None]:
        """Return what is held while written files are moved into their places; it may refuse by raising a `ClearbarError`."""
        return nullcontext()


def write_reports(
    reports: Sequence[TeamReport],
    folder: Path,
    *,
    differences: Sequence[Difference] | None = None,
    parquet: bool = False,
    pdf: bool = False,
    register: Register | None = None,
) -> list[Path]:
    """Write all teams' reports and the page over them; all of it or, where that cannot be, none.

    Parameters
    ----------
    reports
        One a team.
    folder
        Made if it is not there; files of the same names are replaced, others stay.
    differences
        Teams that can be told apart; null where nobody tested.
    parquet, pdf
        Whether tables are written as Parquet, and pages as PDF, too.
    register
        Hears of the files.

    Returns
    -------
    list of Path
        The page over all teams first, then each team's files.

    Raises
    ------
    UsageError
        If there is no report to write.
    ClearbarError
        If the folder cannot be written; what was there before is still there.
    """
    files = render_files(reports, differences=differences, parquet=parquet, pdf=pdf)
    return write_files(files, folder, register)


def render_files(
    reports: Sequence[TeamReport], *, differences: Sequence[Difference] | None = None, parquet: bool = False, pdf: bool = False
) -> dict[str, Content]:
    """Return the content of all files by name relative to their folder; tables, which may be long, as what writes them."""
    if not reports:
        raise UsageError("there is no conversation to report on", fix="widen the period, or audit first: clearbar audit")
    index = build_index(reports, differences)
    files = _page("index", render_index(index), pdf=pdf)
    files["index.json"] = to_json(index, exclude={"teams": {"__all__": set(TeamReport.model_fields) - _OF_INDEX}})
    for report in index.teams:
        files |= {f"{report.slug}/{name}": content for name, content in _team_files(report, parquet=parquet, pdf=pdf).items()}
    return files


def write_content(content: Content, file: IO[bytes]) -> None:
    """Write what one of the files holds."""
    if isinstance(content, bytes):
        file.write(content)
    else:
        content(file)


def build_index(reports: Sequence[TeamReport], differences: Sequence[Difference] | None) -> IndexReport:
    """Return what is said over all teams."""
    first = reports[0]
    return IndexReport(
        teams=tuple(sorted(reports, key=lambda report: (report.title.casefold(), report.slug))),
        period=first.period,
        rubric=first.rubric,
        rubric_title=first.rubric_title,
        pull=first.pull,
        rejections=first.rejections,
        differences=None if differences is None else tuple(differences),
    )


def _team_files(report: TeamReport, *, parquet: bool, pdf: bool) -> dict[str, Content]:
    files = _page("index", render_team(report), pdf=pdf)
    tables = {report.slug: (VERDICT_COLUMNS, verdict_rows), "conversations": (CONVERSATION_COLUMNS, conversation_rows)}
    for name, (columns, rows) in tables.items():
        files[f"{name}.csv"] = _table(write_csv, columns, rows, report)
        if parquet:
            files[f"{name}.parquet"] = _table(write_parquet, columns, rows, report)
    files["report.json"] = to_json(report)
    return files


def _table(write: Callable[..., None], columns: Sequence[str], rows: Callable[[TeamReport], Any], report: TeamReport) -> Content:
    return lambda file: write(columns, rows(report), file)


def _page(name: str, html: str, *, pdf: bool) -> dict[str, Content]:
    files: dict[str, Content] = {f"{name}.html": html.encode()}
    if pdf:
        from clearbar.report.pdf import to_pdf  # noqa: PLC0415 - its libraries take a second to load

        files[f"{name}.pdf"] = to_pdf(html)
    return files


def write_files(files: Mapping[str, Content], folder: Path, register: Register | None = None) -> list[Path]:
    """Write all files beside their places first, and move them there once nothing can run out any more.

    Raises
    ------
    ClearbarError
        If one cannot be written, or the register refuses; none is replaced then.
    """
    told = register or Register()
    places = [folder / name for name in files]
    parts = {part_of(place): place for place in places}
    told.announce([place.as_posix() for place in places])
    try:
        for part, content in zip(parts, files.values(), strict=True):
            part.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                write_content(content, file)
        with told.settling():
            for part, place in parts.items():
                part.replace(place)
    except OSError as error:
        raise ClearbarError(
            f"the reports cannot be written to {str(folder)!r} ({error.strerror or type(error).__name__})",
            fix="make room there, or choose another folder with --out DIR; grades are kept, so nothing is graded or paid twice",
        ) from error
    finally:
        for part in parts:  # none is left where all went well
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return places


def part_of(place: Path) -> Path:
    """Return where a file is written before it is moved into its place."""
    return place.with_name(f".{place.name}{_PART}")
