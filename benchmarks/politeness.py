"""How well the strategies of politeness tell polite requests from rude ones, and which weights fit them best.

    python benchmarks/politeness.py FOLDER

FOLDER holds `politeness.jsonl`, single requests of Danescu-Niculescu-Mizil et al. 2013 with the normalised score of five raters.
Strategies and weights were made on requests whose id's SHA-256 has an even first or second byte; the others were kept apart.
Prints the area under the ROC curve, politest against rudest quarter, on both, beside a ridge regression over words, and the weights
(ridge regression, penalty 5) that the lexicon carries rounded to hundredths. Needs scikit-learn (in the test group).
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rules_accuracy import ROOT, areas_of_politeness, part_of, records
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge

from clearbar.grading.rules import load_lexicon
from clearbar.grading.rules.engine import open_finder
from clearbar.grading.rules.lexicon import Tongue
from clearbar.grading.rules.texts import Heard, Texts
from clearbar.transcript import Turn

PENALTY = 5.0
OF_WORDS = 1.0
WORD = r"[\w']+|[?!.,:;]"


def uses(tongue: Tongue, written: Sequence[str]) -> NDArray[np.intp]:
    """Return how often each text (row) uses each strategy (column)."""
    heard = Heard([Turn(role="agent", text=text) for text in written])
    texts = Texts(open_finder(tongue))
    texts.gather(heard)
    texts.search()
    return texts.strategies[heard.rows]


def areas(requests: Sequence[Mapping[str, Any]], politeness: NDArray[np.float64]) -> str:
    """Return the areas of each forum and of both, in words."""
    found = areas_of_politeness(requests, politeness.tolist())
    outer = sum(request["labels"]["quartile_class"] != "middle" for request in requests)
    return ", ".join(f"{forum} {area:.3f}" for forum, area in found.items()) + f" (n {outer})"


def main() -> None:
    """Fit and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    tongue = load_lexicon(ROOT / "rubrics" / "lexicon").tongues["en"]
    requests = list(records(parser.parse_args().folder / "politeness.jsonl"))
    read, apart = ([one for one in requests if (part_of(one["id"]) == "holdout") is unread] for unread in (False, True))
    texts = [[one["turns"][0]["text"] for one in some] for some in (read, apart)]
    scores = [one["labels"]["normalized_score"] for one in read]
    used = [uses(tongue, some) for some in texts]
    fitted = Ridge(alpha=PENALTY).fit(used[0], scores).coef_
    weights = np.array(list(tongue.strategies.values()))
    words = TfidfVectorizer(ngram_range=(1, 3), min_df=2, sublinear_tf=True, token_pattern=WORD)
    by_words = Ridge(alpha=OF_WORDS).fit(words.fit_transform(texts[0]), scores)
    print("what it was made on:", areas(read, used[0] @ weights))
    print("kept apart:         ", areas(apart, used[1] @ weights))
    print("words, kept apart:  ", areas(apart, by_words.predict(words.transform(texts[1]))))
    for strategy, weight, best in zip(tongue.strategies, weights, fitted, strict=True):
        print(f"{strategy.name:16} {weight:6.2f}, fitted {best:6.2f}")


if __name__ == "__main__":
    main()
