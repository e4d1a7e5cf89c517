"""What shares many words with something earlier: the same as by comparing all with all, at a bounded number of comparisons."""

import random
from collections.abc import Iterator
from itertools import combinations

import pytest
from tests.rules.made import talk, verdicts

from clearbar.grading.rules import RulesGrader
from clearbar.grading.rules.sharing import Earlier
from clearbar.grading.rules.wording import Words, worded_as_before

MANY = 10_000
Set = frozenset[bytes]


class Counted(frozenset[bytes]):
    """A set that counts how often it is compared with another."""

    compared = 0

    def __and__(self, other: object) -> Set:
        type(self).compared += 1
        return super().__and__(other)  # type: ignore[operator]


def drawn(chance: random.Random, few: int, most: int, vocabulary: int) -> Set:
    """Return a set of words."""
    return frozenset(b"word%d" % number for number in chance.sample(range(vocabulary), chance.randint(few, most)))


def near(chance: random.Random, words: Set) -> Set:
    """Return a set with one word or so put in, taken out or replaced."""
    kept = sorted(words)[chance.randint(0, 2) :]
    return frozenset([*kept, *(b"new%d" % chance.randrange(9) for _ in range(chance.randint(0, 2)))])


def spoken(sets: list[Set]) -> Words:
    """Return sets as the words of texts."""
    return Words([b" ".join(sorted(words)) for words in sets])


@pytest.mark.parametrize("seed", range(20))
def test_what_is_found_by_word_is_what_comparing_all_with_all_finds(seed: int) -> None:
    chance, earlier, before, found = random.Random(seed), Earlier(), list[Set](), set[bool]()
    for _ in range(120):
        words = drawn(chance, 2, 12, 60)
        least = chance.randint(1, 6)
        expected = any(len(words & other) >= least for other in before)
        assert earlier.shares(words, lambda _, least=least: least) == expected  # type: ignore[misc]
        found.add(expected)
        earlier.add(words)
        before.append(words)
    assert found == {True, False}


@pytest.mark.parametrize("seed", range(20))
def test_a_long_turn_is_worded_as_before_where_comparing_all_with_all_says_so(seed: int) -> None:
    chance = random.Random(seed)
    sets = [drawn(chance, 17, 45, 200) for _ in range(30)]
    sets += [near(chance, chance.choice(sets)) for _ in range(60)]
    chance.shuffle(sets)
    expected = sum(1 << place for place, words in enumerate(sets) if any(worded_alike(words, other) for other in sets[:place]))
    assert 0 < expected.bit_count() < len(sets)
    assert worded_as_before(enumerate(range(len(sets))), spoken(sets)) == expected


def worded_alike(words: Set, other: Set) -> bool:
    """Return whether a set has the words of another, or nearly all where it is long."""
    return words == other or (len(words) >= 20 and len(words & other) >= 0.95 * max(len(words), len(other)))


def few_in_common() -> Iterator[Set]:
    """Yield sets that hold twenty words alike and differ by what five others they take."""
    rest = [b"rest%d" % number for number in range(40)]
    stock = [b"stock%d" % number for number in range(20)]
    for _, five in zip(range(MANY), combinations(rest[::-1], 5), strict=False):
        yield Counted([*stock, *five])


def test_turns_that_all_share_some_words_are_compared_once_each() -> None:
    Counted.compared = 0
    earlier = Earlier()
    for words in few_in_common():
        assert not earlier.shares(words, lambda _: 26)
        earlier.add(words)
    assert Counted.compared <= MANY


def test_words_are_found_behind_a_great_many_other_sets() -> None:
    earlier = Earlier()
    for number in range(MANY):
        earlier.add(frozenset([b"all", b"odd%d" % (number % 2), b"own%d" % number]))
    for number in (0, 1, 2047, 2048, 4097, MANY - 1):
        own = frozenset([b"all", b"odd%d" % (number % 2), b"own%d" % number])
        assert earlier.shares(own, lambda _: 3)
        assert not earlier.shares(own - {b"all"} | {b"none"}, lambda _: 3)


def test_a_talk_of_very_many_questions_and_long_answers_is_graded(grader: RulesGrader) -> None:
    chance = random.Random(4)

    def said(number: int) -> str:
        return " ".join("".join(chance.choices("bdfgklmnprst", k=6)) for _ in range(number))

    turns = [f"A: The {said(25)}." if place % 2 else f"C: Is the {said(8)}?" for place in range(MANY)]
    assert verdicts(grader, talk(*turns, language="en"))
