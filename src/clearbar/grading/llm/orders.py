"""Words in a conversation that are meant for its grader: they are withheld from the model, and are evidence of nothing."""

import re

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
_CRITERIA = r"criteri\w*|kriteri\w*|crit[èe]re\w*|toutes les questions|todas las preguntas"


class Orders:
    """Finds lines that speak of grading and name both a criterion (or criteria) and a level of a rubric.

    This catches what is said openly; it does not decode. A customer who happens to use all three kinds of words in one line
    loses that line, and nothing else.
    """

    def __init__(self, rubric: Rubric) -> None:
        ids = [re.escape(criterion.id).replace("_", "[_ ]") for criterion in rubric.criteria]
        named = {level.id for scale in rubric.scales for level in scale.levels if len(level.id) >= SHORTEST}
        levels = [re.escape(level).replace("_", "[_ ]") for level in sorted(named)] or ["(?!)"]
        self._named = re.compile(rf"\b(?:{'|'.join(ids)}|{_CRITERIA})\b", re.IGNORECASE)
        self._levels = re.compile(rf"\b(?:{'|'.join(levels)})\b", re.IGNORECASE)

    def found(self, text: str) -> bool:
        """Whether a text orders a grade."""
        return bool(self._levels.search(text) and self._named.search(text) and _GRADING.search(text))

    def withhold(self, text: str) -> str:
        """Return a text without the lines that order a grade."""
        if not self.found(text):
            return text
        lines = [WITHHELD if self.found(line) else line for line in text.split("\n")]
        return "\n".join(lines) if WITHHELD in lines else WITHHELD
