from pathlib import Path

import pytest

from clearbar.errors import RubricError
from clearbar.grading.rules import RulesGrader, load_lexicon
from clearbar.rubric import Rubric

GOOD = """language: xx
groups:
  regret:
    speaker: agent
    phrases: [sorry]
"""


def write(folder: Path, text: str, name: str = "xx.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_every_file_of_the_folder_is_a_language(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, GOOD.replace("xx", "yy"), "yy.yaml")
    assert sorted(load_lexicon(tmp_path).tongues) == ["xx", "yy"]


def test_the_digest_follows_the_phrases_and_not_the_layout(tmp_path: Path) -> None:
    first = load_lexicon(write(tmp_path, GOOD)).digest
    assert load_lexicon(write(tmp_path, GOOD + "\n# a comment\n")).digest == first
    assert load_lexicon(write(tmp_path, GOOD.replace("sorry", "pardon"))).digest != first


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("speaker: agent", "speaker: boss"), "speaker"),
        (GOOD.replace("phrases: [sorry]", "phrases: []"), "phrases"),
        (GOOD.replace("phrases", "phrase"), "phrase"),
        (GOOD.replace("sorry", '"(sorry"'), "groups.regret.phrases\\[0\\]"),
        (GOOD.replace("regret", "Regret"), "groups.Regret"),
        (GOOD.replace("language: xx", "language: english"), "language"),
        (GOOD + "politeness: {thanks: {phrases: [thanks]}}\n", "politeness.thanks.weight"),
        (GOOD + "politeness: {thanks: {weight: 'NaN', phrases: [thanks]}}\n", "politeness.thanks.weight"),
        (GOOD + "politeness: {thanks: {weight: .inf, phrases: [thanks]}}\n", "politeness.thanks.weight"),
        (GOOD + "politeness: {thanks: {weight: .5, phrases: ['thanks)']}}\n", "politeness.thanks.phrases\\[0\\]"),
        (GOOD + "  regret:\n    speaker: agent\n    phrases: [b]\n", "twice"),
        ("groups: [", "YAML"),
    ],
)
def test_a_fault_names_file_entry_and_reason(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RubricError, match=said) as error:
        load_lexicon(write(tmp_path, text))
    assert "xx.yaml" in str(error.value)


def test_a_folder_without_lexicons_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match="no lexicon"):
        load_lexicon(tmp_path)


@pytest.mark.parametrize("name", ["trouble", "turns", "agent", "bind"])
def test_a_group_that_is_called_like_a_signal_or_like_what_signals_rest_on_is_refused(tmp_path: Path, rubric: Rubric, name: str) -> None:
    with pytest.raises(RubricError, match=f"groups {name} "):
        RulesGrader(rubric, load_lexicon(write(tmp_path, GOOD.replace("regret", name))))
