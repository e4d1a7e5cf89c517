"""Words in a conversation that are meant for its grader: they are withheld from the model, and are evidence of nothing."""

import base64
import contextlib
import re
from collections.abc import Iterator

from clearbar.rubric import Rubric

__all__ = ["WITHHELD", "Orders"]

WITHHELD = "[words to the grader, withheld]"

SHORTEST = 4
"""Letters of a level that count as its name; `yes` and `no` are in everybody's mouth."""

_GRADING = re.compile(
    r"\bgrad(?:e|ing|er)|\bscor(?:e|ing)|\baudit|\bverdict|\bcalibrat|\bevaluat|\bQA\b"
    r"|\bignore|\b(?:new|all|previous|other) instructions|\"level\"\s*:|\bbewert|\bbenot|\bnotez|\bcalific|\bvalen\b",
    re.IGNORECASE,
)
"""Words by which a text speaks of grading, in the languages in which that was tried."""
HIDING = 32
"""Letters in a row from which on they may be base64."""
SPELLED = 6
"""Letters with signs between them from which on a word is spelled."""
_BASE64 = re.compile(rf"[A-Za-z0-9+/]{{{HIDING},}}={{0,2}}")
_SPELLED = re.compile(rf"(?:\b\w[.*-]){{{SPELLED}}}")
_BETWEEN = re.compile(r"[.*-]")
_CRITERIA = r"criteri\w*|kriteri\w*|crit[èe]re\w*|toutes les questions|todas las preguntas"


class Orders:
    """Finds lines that speak of grading and name both a criterion (or criteria) and a level of a rubric.

    A customer who happens to use all three kinds of words in one line
    loses that line, and nothing else.
    """

    def __init__(self, rubric: Rubric) -> None:
        ids = [re.escape(criterion.id).replace("_", "[_ ]") for criterion in rubric.criteria]
        named = {level.id for scale in rubric.scales for level in scale.levels if len(level.id) >= SHORTEST}
        levels = [re.escape(level).replace("_", "[_ ]") for level in sorted(named)] or ["(?!)"]
        self._named = re.compile(rf"\b(?:{'|'.join(ids)}|{_CRITERIA})\b", re.IGNORECASE)
        self._levels = re.compile(rf"\b(?:{'|'.join(levels)})\b", re.IGNORECASE)
        self._stems = tuple(sorted({level.partition("_")[0] for level in named})) or ("",)
        """One of these is in a text that names a level, in whatever case."""

    def found(self, text: str) -> bool:
        """Whether a text orders a grade; in base64 or letter by letter, naming criterion and level is enough."""
        if self._names(text) and _GRADING.search(text):
            return True
        return any(map(self._names, _hidden(text)))

    def suspected(self, text: str) -> bool:
        """Whether a whole conversation's text may hold an order at all: one quick look that spares one at each turn."""
        plain = text.casefold()
        return bool(
            (any(stem in plain for stem in self._stems) and self._levels.search(text))
            or (max(map(len, text.split()), default=0) >= HIDING and _BASE64.search(text))
            or (text.count(".") + text.count("*") + text.count("-") >= SPELLED and _SPELLED.search(text))
        )

    def _names(self, text: str) -> bool:
        return bool(self._levels.search(text) and self._named.search(text))

    def withhold(self, text: str) -> str:
        """Return a text without the lines that order a grade."""
        if not self.found(text):
            return text
        lines = [WITHHELD if self.found(line) else line for line in text.split("\n")]
        return "\n".join(lines) if WITHHELD in lines else WITHHELD


def _hidden(text: str) -> Iterator[str]:
    """Yield what is hidden in a text by base64 or by signs between single letters."""
    for chunk in _BASE64.findall(text):
        with contextlib.suppress(ValueError):
            yield base64.b64decode(chunk + "=" * (-len(chunk) % 4)).decode("utf-8", "ignore")
    if _SPELLED.search(text):
        yield _BETWEEN.sub("", text)
