"""A project whose rubrics may be written, and how people work at its desk over HTTP."""

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tests.review.conftest import Browser

from clearbar.project import Project

TODAY = datetime.now(UTC).date()
TOMORROW = TODAY + timedelta(days=1)


def copy_project(project: Project, folder: Path) -> Project:
    """Return a copy of a project without its labelled sets, which nothing here reads."""
    for name in ("rubrics", "prompts"):
        shutil.copytree(project.root / name, folder / name)
    for name in ("flows", "evals"):
        (folder / name).mkdir()
    copied = Project(folder)
    copied.use_state(project.state)
    return copied


class Fields(HTMLParser):
    """What a browser would send of the form with an action."""

    def __init__(self, page: str, action: str) -> None:
        super().__init__()
        self.action = action
        self.values: dict[str, Any] = {}
        self._inside = False
        self._area: str | None = None
        self._select: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "form":
            self._inside = has.get("action") == self.action
        if not self._inside:
            return
        name, value = has.get("name") or "", has.get("value") or ""
        if tag == "input" and (has.get("type") not in {"checkbox", "radio"} or "checked" in has):
            self.values[name] = [*self.values.get(name, []), value] if has.get("type") == "checkbox" else value
        elif tag == "textarea":
            self._area = name
            self.values[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in has or self._select not in self.values):
            self.values[self._select] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None
        elif tag == "form":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside and self._area:
            self.values[self._area] += data


@dataclass
class Desk:
    """One person at the desk, with one draft."""

    browser: Browser
    number: int = 0

    @property
    def here(self) -> str:
        return f"/rubric/changes/{self.number}"

    def begin(self, name: str = "service_bar") -> "Desk":
        answer = self.browser.post("/rubric/changes", name=name)
        assert answer.status_code == 303, answer.text
        self.number = int(answer.headers["location"].rsplit("/", 1)[1])
        return self

    def of(self, browser: Browser) -> "Desk":
        return Desk(browser, self.number)

    def fields(self, page: str, action: str) -> dict[str, Any]:
        """What a page's form would send if nobody touched it."""
        answer = self.browser.get(f"{self.here}{page}")
        assert answer.status_code == 200, answer.text
        found = Fields(answer.text, f"{self.here}{action}")
        assert found.values, f"no form {action} on {page}"
        return found.values

    def submit(self, page: str, action: str, **typed: Any) -> Any:
        """Send a page's form with some fields typed anew."""
        return self.browser.client.post(f"{self.here}{action}", data={**self.fields(page, action), **typed})

    def edit(self, criterion: str, **typed: Any) -> Any:
        page = f"/criteria/{criterion}"
        return self.submit(page, page, **typed)

    def whole(self, **typed: Any) -> Any:
        return self.submit("/whole", "/whole", **typed)

    def propose(self, *, why: str = "Too strict", effective: object = TODAY) -> Any:
        return self.submit("", "/propose", why=why, effective=str(effective))

    def approve(self, answer: str = "") -> Any:
        return self.submit("", "/approve", answer=answer)

    def data(self, page: str = "") -> Any:
        return self.browser.get(f"{self.here}{page}.json").json()


def words(page: str) -> str:
    """The text of a page, without its markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))
