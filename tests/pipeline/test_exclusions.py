"""Kinds of conversations that nobody should grade: left out by rules, counted, and never a place of the limit."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.test_audits import audit, talk

from clearbar.errors import UsageError
from clearbar.pipeline.exclusions import EXCLUDED, check_rule
from clearbar.pipeline.workspace import open_store
from clearbar.project import Project
from clearbar.settings import load_settings

Write = Callable[[str, Sequence[dict[str, Any] | str]], Path]


def set_rules(project: Project, *rules: tuple[str, str]) -> None:
    with open_store(project, load_settings(project)) as store:
        for field, value in rules:
            store.add_exclusion(field=field, value=value, why="tests", by="lea")


def talks() -> list[dict[str, Any]]:
    alone = {"turns": [{"role": "customer", "text": "Hello?", "time": 0}]}
    return [
        {**talk("spam"), "topic": "SPAM"},
        talk("test", text="please ignore, this is a TEST message"),
        {**talk("abandoned"), **alone},
        talk("a"),
        talk("b"),
    ]


RULES = (("topic", "spam"), ("says", "this is a test"), ("agent_turns", "0"))


def test_what_a_rule_leaves_out_is_filtered_and_all_counts_add_up(project: Project, write_lines: Write, tmp_path: Path) -> None:
    set_rules(project, *RULES)
    result = audit(project, write_lines("talks.jsonl", talks()), out=tmp_path / "out")
    assert (result.counts.graded, result.counts.filtered, result.pulled) == (2, 3, 5)
    assert result.excluded == {
        "excluded: topic is “spam”": 1,
        "excluded: somebody says “this is a test”": 1,
        "excluded: turns of agents are at most “0”": 1,
    }
    assert sum(result.excluded.values()) == result.counts.filtered
    with open_store(project, load_settings(project)) as store:
        assert {audit.conversation.id for audit in store.audits()} == {"a", "b"}
        assert store.filtered_counts(EXCLUDED) == result.excluded
    (page,) = (tmp_path / "out").glob("north/index.html")
    assert "excluded: topic is" in page.read_text()


def test_what_a_rule_leaves_out_takes_no_place_of_the_limit(project: Project, write_lines: Write) -> None:
    set_rules(project, *RULES)
    result = audit(project, write_lines("talks.jsonl", talks()), limit=1)
    assert (result.counts.graded, result.counts.filtered) == (1, 4)
    assert sum(result.excluded.values()) == 3


def test_a_rule_that_has_ended_leaves_nothing_out(project: Project, write_lines: Write) -> None:
    set_rules(project, ("topic", "spam"))
    with open_store(project, load_settings(project)) as store:
        store.end_exclusion(1, by="lea")
    assert audit(project, write_lines("talks.jsonl", talks())).counts.filtered == 0


def test_what_was_left_out_is_graded_once_the_rule_has_ended(project: Project, write_lines: Write) -> None:
    source = write_lines("talks.jsonl", talks())
    set_rules(project, ("topic", "spam"))
    assert audit(project, source).counts.filtered == 1
    with open_store(project, load_settings(project)) as store:
        store.end_exclusion(1, by="lea")
    assert audit(project, source).excluded == {}
    with open_store(project, load_settings(project)) as store:
        assert "spam" in {found.conversation.id for found in store.audits()}


@pytest.mark.parametrize(
    ("field", "value"),
    [("secret", "x"), ("agent_turns", "few"), ("agent_turns", "-1"), ("agent_turns", "²"), ("says", "a"), ("says", "  ")],
)
def test_a_rule_that_means_nothing_is_refused(field: str, value: str) -> None:
    with pytest.raises(UsageError):
        check_rule(field, value)
