from tests.rules.made import talk

from clearbar.grading.rules import Lexicon, fit
from clearbar.rubric import Rubric


def test_a_named_figure_moves_to_where_it_agrees_with_the_labels(rubric: Rubric, lexicon: Lexicon) -> None:
    talks, levels = [], []
    for sorries in [1, 2, 3, 4, 5, 2, 3] * 4:
        talks.append(talk("C: My lamp broke.", *["A: We are sorry."] * sorries))
        levels.append({"apology": "below" if sorries > 2 else "clears"})
    (fitted,) = fit(rubric, lexicon, talks, levels)[-1:]
    found = {(item.criterion, item.name): item for item in fit(rubric, lexicon, talks, levels)}
    apologies = found["apology", "most_apologies"]
    assert (apologies.before, apologies.after) == (3, 2)
    assert apologies.kappa_after == 1
    assert apologies.kappa_unseen == 1
    assert apologies.n == len(talks)
    assert fitted in found.values()


def test_a_criterion_without_labels_keeps_its_figures(rubric: Rubric, lexicon: Lexicon) -> None:
    for item in fit(rubric, lexicon, [talk("C: Hi.", "A: Hello.")], [{}]):
        assert item.after == item.before
        assert item.kappa_unseen is None
        assert item.n == 0
