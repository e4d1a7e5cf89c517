"""A planted customer is audited, reported and erased; nothing of them is found anywhere, and the next pull does not bring them back."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.cli.conftest import SECRET, Clearbar, Write, talk, turns

WORDS = ("parrot Xylophage", "quill@example.com", "+44 20 7946 0958", *SECRET.split())
"""What the planted conversation holds and nothing else does; the first stays in a redacted text."""


def planted(id: str) -> dict[str, object]:
    said = turns(
        f"I am {SECRET} and I am furious! Your courier scared my parrot Xylophage. quill@example.com, +44 20 7946 0958",
        "I am so sorry that our courier scared your parrot Xylophage. I will call the depot today and write to you by 5 pm.",
        "Nobody has answered me for three weeks about parrot Xylophage!",
        "Whatever.",
    )
    return talk(id, customer=SECRET, turns=said)


def holding(words: Sequence[str], *folders: Path) -> list[str]:
    """Return the files that hold any of the words in their bytes."""
    found = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes().lower()
                found += [f"{path}: {word}" for word in words if word.lower().encode() in content]
    return found


@pytest.mark.prefect
def test_an_erased_customer_is_nowhere_and_stays_away(program: Clearbar, clearbar: Clearbar, write: Write, tmp_path: Path) -> None:
    source = write("talks.jsonl", planted("p1"), *(talk(f"t{number}") for number in range(6)), planted("p2"))
    out, state, prefect = tmp_path / "out", tmp_path / "state", tmp_path / "prefect"
    audit = ("audit", "--grader", "rules", "--source", source, "--out", out, "--review", "5")
    first = program(*audit)
    assert (first.code, first.err) == (0, "")
    clearbar("report", "--parquet")
    assert holding(WORDS[:1], out)
    assert holding(WORDS[:1], state / "reports")
    assert holding(WORDS[1:], state, out, prefect) == []  # redacted before anything else saw it
    assert holding(WORDS, prefect) == []

    erased = clearbar("erase", "--customer", SECRET, "--who", "the privacy desk")
    assert erased.code == 0
    assert erased.out.startswith("2 conversations erased")
    assert "A later pull will not bring them back, nor will one of the same records" in erased.out
    assert holding(WORDS, state, out, prefect) == []

    again = clearbar(*audit, "--no-prefect")
    assert again.code == 0
    assert "8 pulled = 0 graded + 0 ungraded + 6 reused + 0 duplicate + 2 filtered + 0 rejected" in again.out
    assert clearbar("report").code == 0
    assert holding(WORDS, state, out, prefect) == []


def test_a_conversation_is_erased_by_its_id(clearbar: Clearbar, write: Write, tmp_path: Path) -> None:
    source = write("talks.jsonl", planted("p1"), *(talk(f"t{number}") for number in range(6)))
    clearbar("audit", "--no-prefect", "--source", source)
    said = clearbar("erase", "--conversation", "p1", "--json")
    assert said.code == 0
    assert said.json["conversations"] == 1
    assert said.json["pages"]
    assert holding(WORDS, tmp_path / "state") == []
    assert clearbar("audit", "--no-prefect", "--source", source, "--json").json["counts"]["filtered"] == 1


def test_a_customer_whom_nobody_knows_is_kept_out(clearbar: Clearbar, write: Write, tmp_path: Path) -> None:
    clearbar("audit", "--no-prefect", "--source", write("others.jsonl", talk("t1")))
    said = clearbar("erase", "--customer", SECRET)
    assert said.code == 0
    assert "no stored conversation names that customer; later ones will not be stored" in said.err
    later = clearbar("audit", "--no-prefect", "--source", write("talks.jsonl", planted("p1"), talk("t2")), "--json").json
    assert later["counts"]["filtered"] == 1
    assert holding(WORDS, tmp_path / "state") == []
