"""The deterministic grader: what is measured (`signals`), in which words (`lexicon`), and what follows (`decisions` of the rubric)."""

from clearbar.grading.rules.explanation import Explanation
from clearbar.grading.rules.fitting import Fitted, fit, refit
from clearbar.grading.rules.grader import RulesGrader
from clearbar.grading.rules.lexicon import Lexicon, load_lexicon

__all__ = ["Explanation", "Fitted", "Lexicon", "RulesGrader", "fit", "load_lexicon", "refit"]
