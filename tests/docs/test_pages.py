"""What the pages say can be done can be done: commands and options exist, links lead somewhere, made pages are up to date."""

import json
import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from clearbar.cli import app
from clearbar.project import Project
from clearbar.settings import load_settings
from clearbar.sources import FieldMap, open_source
from clearbar.transcript import Transcript

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "evals").glob("*.md")])
MADE = runpy.run_path(str(ROOT / "docs" / "generate.py"))
PLACEHOLDER = re.compile(r"^[A-Z][A-Z.…_-]*$|^…$")


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code(page: Path) -> Iterator[str]:
    """Yield each line of code on a page, in blocks and in sentences."""
    content = text(page)
    for block in re.findall(r"^ *```[a-z]*\n(.*?)^ *```", content, re.MULTILINE | re.DOTALL):
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```", "", content, flags=re.MULTILINE | re.DOTALL))


def commands() -> list[tuple[str, str]]:
    """Return (page, command) for each command line of clearbar on the pages, without comments."""
    found = []
    for page in PAGES:
        for written in code(page):
            line = re.sub(r"\s(#|  ).*", "", written.strip().removeprefix("$ ")).replace("python3 go.py ", "clearbar ")
            match = re.search(r"(?:^|&& |; )(clearbar [a-z][^;&>|]*)", line)
            if match and not match[1].startswith(("clearbar test", "clearbar COMMAND")):
                found.append((page.name, match[1].strip().rstrip(".,:")))
    return sorted(set(found))


def test_there_are_pages_and_commands_to_check() -> None:
    assert len(PAGES) > 10
    assert len(commands()) > 40


@pytest.mark.parametrize(("page", "line"), commands())
def test_a_command_on_a_page_exists_with_all_its_options(page: str, line: str) -> None:
    words = shlex.split(line)[1:]
    command: Any = typer.main.get_command(app)
    while words and hasattr(command, "commands") and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    if words and hasattr(command, "commands") and not words[0].startswith(("-", "[")):
        named = re.split(r"\\?\|", words[0])  # `clearbar rubric lint|show`
        assert set(named) <= {*command.commands, "…"}, f"{page}: {line}"
        return
    options = {option for parameter in command.params for option in parameter.opts} | {"--help", "--debug", "--version"}
    used = {word.split("=")[0].strip("[]") for word in words if word.strip("[").startswith("-") and word not in {"-", "--"}}
    assert used <= options, f"{page}: {line}"


def links(page: Path) -> list[str]:
    return [found for found in re.findall(r"\]\(([^)\s]+)\)", text(page)) if "://" not in found and not found.startswith("#")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    for link in links(page):
        name, _, heading = link.partition("#")
        target = page.parent / name
        assert target.exists(), link
        if heading:
            titles = [line.strip("# ").lower() for line in text(target).splitlines() if line.startswith("#")]
            headings = [re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles]
            assert heading in headings, link


def test_every_page_is_reached_from_the_index() -> None:
    reached = {(ROOT / "docs" / link).resolve() for link in links(ROOT / "docs" / "index.md")}
    assert sorted(page.name for page in (ROOT / "docs").glob("*.md") if page not in reached and page.name != "index.md") == []


@pytest.mark.parametrize("page", sorted(MADE["pages"](), key=str), ids=lambda page: page.name)
def test_a_page_that_is_made_from_the_code_is_up_to_date(page: Path) -> None:
    assert text(page) == MADE["pages"]()[page], "run: python docs/generate.py"


def test_every_setting_and_every_option_is_described() -> None:
    made = MADE["pages"]()
    bare = [line for page in made.values() for line in page.splitlines() if re.match(r"\| `.*\|\s*\|$", line)]
    assert bare == []


def test_the_settings_on_the_page_can_be_set(tmp_path: Path) -> None:
    (tmp_path / "rubrics").mkdir()
    (block,) = re.findall(r"```toml\n(.*?)```", text(ROOT / "docs" / "settings.md"), re.DOTALL)
    (tmp_path / "clearbar.toml").write_text(block, encoding="utf-8")
    settings = load_settings(Project(tmp_path))
    assert settings.sources["chats"].table == "messages"


def test_the_conversation_on_the_page_can_be_read(tmp_path: Path) -> None:
    (block,) = re.findall(r"```json\n(.*?)```", text(ROOT / "docs" / "sources.md"), re.DOTALL)
    (tmp_path / "talk.jsonl").write_text(json.dumps(json.loads(block)), encoding="utf-8")
    source = open_source(str(tmp_path / "talk.jsonl"), FieldMap(), root=tmp_path, notice=print)
    ((_, talk),) = source.pull()
    assert isinstance(talk, Transcript)
    assert (talk.team, talk.agent, talk.turns[1].time) == ("orders", "Ada", 41)


def test_the_deployments_on_the_page_are_those_of_the_file() -> None:
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    flows = {f"{item['entrypoint'].split(':')[1]}/{item['name']}" for item in deployments}
    assert flows == set(re.findall(r"^\| `([a-z-]+/[a-z-]+)`", text(ROOT / "docs" / "night-shift.md"), re.MULTILINE))
