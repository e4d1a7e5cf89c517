"""The deterministic grader: what is measured (`signals`), in which words (`lexicon`), and what follows (`decisions` of the rubric)."""

from clearbar.grading.rules.grader import RulesGrader
from clearbar.grading.rules.lexicon import Lexicon, load_lexicon

__all__ = ["Lexicon", "RulesGrader", "load_lexicon"]
