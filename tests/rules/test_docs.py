from pathlib import Path

from clearbar.grading.rules import Lexicon
from clearbar.grading.rules.signals import SIGNALS

TOLD = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")


def test_the_manual_tells_every_signal_as_the_code_does() -> None:
    rows = [f"| `{name}` | {' '.join(about.split())} |" for name, about in SIGNALS.items()]
    assert [row for row in rows if row not in TOLD] == []


def test_the_manual_names_every_group_of_the_lexicon(lexicon: Lexicon) -> None:
    assert [name for name in sorted(lexicon.names) if f"| `{name}` |" not in TOLD] == []


def test_no_signal_is_without_a_description() -> None:
    assert [name for name, about in SIGNALS.items() if not about] == []
