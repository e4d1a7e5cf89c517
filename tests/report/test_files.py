"""Writing: all or nothing, and the same bytes every time."""

import io
import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from ctypes.util import find_library
from multiprocessing import get_context
from pathlib import Path

import pytest

from clearbar.errors import ClearbarError, UsageError
from clearbar.report import ReportItem, TeamReport, render_files, write_content, write_reports

Item = Callable[..., ReportItem]
Build = Callable[..., TeamReport]


@pytest.fixture
def reports(item: Item, build: Build) -> list[TeamReport]:
    items = [item(number, {"help": "below" if number % 2 else "vaults"}) for number in range(1, 9)]
    return [build(items, team=team) for team in ("orders", "Überweisungen", None)]


def rendered(reports: list[TeamReport]) -> dict[str, bytes]:
    found = {}
    for name, content in render_files(reports, parquet=True).items():
        file = io.BytesIO()
        write_content(content, file)
        found[name] = file.getvalue()
    return found


def test_each_team_has_a_folder_with_page_tables_and_twin(reports: list[TeamReport], tmp_path: Path) -> None:
    written = write_reports(reports, tmp_path / "out")
    assert written[0] == tmp_path / "out" / "index.html"
    assert sorted(path.name for path in (tmp_path / "out" / "orders").iterdir()) == [
        "conversations.csv",
        "index.html",
        "orders.csv",
        "report.json",
    ]
    assert all(path.is_file() for path in written)
    assert len(written) == 2 + 3 * 4


@pytest.mark.skipif(find_library("pango-1.0") is None, reason="needs Pango")
def test_parquet_and_pdf_are_written_where_asked_for(reports: list[TeamReport], tmp_path: Path) -> None:
    names = {path.name for path in write_reports(reports[:1], tmp_path, parquet=True, pdf=True)}
    assert {"orders.parquet", "conversations.parquet", "index.pdf"} <= names
    assert (tmp_path / "orders" / "index.pdf").read_bytes().startswith(b"%PDF-")


def test_the_same_reports_make_the_same_bytes(reports: list[TeamReport]) -> None:
    assert rendered(reports) == rendered(list(reversed(reports)))


def test_links_of_the_index_lead_to_pages(reports: list[TeamReport], tmp_path: Path) -> None:
    page = write_reports(reports, tmp_path)[0].read_text(encoding="utf-8")
    assert all(f'href="{report.slug}/index.html"' in page and (tmp_path / report.slug / "index.html").is_file() for report in reports)


def test_nothing_is_left_beside_the_files(reports: list[TeamReport], tmp_path: Path) -> None:
    write_reports(reports, tmp_path)
    assert not list(tmp_path.rglob("*.part"))


def test_no_report_is_a_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no conversation"):
        write_reports([], tmp_path)


def test_a_folder_that_cannot_be_written_costs_one_line_and_nothing_else(reports: list[TeamReport], tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(ClearbarError, match=r"cannot be written to .*out.*--out DIR") as told:
        write_reports(reports, tmp_path / "out")
    assert "\n" not in str(told.value)
    assert (tmp_path / "out").read_text(encoding="utf-8") == "a file"


def test_where_one_file_cannot_be_written_none_is_replaced(reports: list[TeamReport], tmp_path: Path) -> None:
    write_reports(reports[:1], tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    (tmp_path / "no-team").write_text("in the way", encoding="utf-8")
    with pytest.raises(ClearbarError):
        write_reports(reports, tmp_path)
    assert {path: path.read_bytes() for path in before} == before
    assert not list(tmp_path.rglob("*.part"))


def test_a_disk_that_takes_no_more_is_told_in_one_line(reports: list[TeamReport], tmp_path: Path) -> None:
    small = (resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))  # no file grows beyond 4,000 bytes, as where little room is left
    apart = get_context("spawn")  # in a process of its own: what the tests print may go to a longer file already
    with (
        ProcessPoolExecutor(1, apart, resource.setrlimit, small) as process,
        pytest.raises(ClearbarError, match=r"cannot be written to .* \(File too large\): make room there"),
    ):
        process.submit(write_reports, reports, tmp_path).result()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
