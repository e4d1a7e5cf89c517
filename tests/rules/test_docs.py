from pathlib import Path

from clearbar.grading.rules import Lexicon
from clearbar.grading.rules.signals import SIGNALS

TOLD = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")


def test_the_manual_tells_every_signal_as_the_code_does() -> None:
    rows = [f"| `{name}` | {' '.join(about.split())} |" for name, about in SIGNALS.items()]
    assert [row for row in rows if row not in TOLD] == []


def test_the_manual_names_every_group_of_the_lexicon(lexicon: Lexicon) -> None:
    assert [name for name in sorted(lexicon.names) if f"| `{name}` |" not in TOLD] == []


def test_the_manual_tells_every_strategy_of_politeness_with_its_weight(lexicon: Lexicon) -> None:
    told = [
        f"| `{strategy.name}` | {weight:+.2f} |" for tongue in lexicon.tongues.values() for strategy, weight in tongue.strategies.items()
    ]
    assert told
    assert [row for row in told if row not in TOLD] == []


def test_no_signal_is_without_a_description() -> None:
    assert [name for name, about in SIGNALS.items() if not about] == []
