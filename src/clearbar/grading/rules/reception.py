"""How an answer was taken by the customer, and what was in it beside the answer: signals that hold for any trade."""

from typing import Final

from clearbar.grading.rules.hearing import Hearing, turns_with
from clearbar.grading.rules.sharing import Earlier, Least
from clearbar.grading.rules.texts import CUSTOMER
from clearbar.grading.rules.turnset import TurnSet, after, last, places, unless, where
from clearbar.grading.rules.wording import Stems, details, matter

__all__ = ["Reception"]

_TELLING: Final = 2  # words that two turns share when one asks what the other asked
_ANSWER: Final = 60  # letters of an answer that gives a detail and no more
_MOSTLY: Final = 0.5  # share of its words that a question takes from an earlier turn when it asks the same


class Reception(Hearing):
    """Signals of how an answer was taken, and of what an agent put into it."""

    @turns_with("pushback")
    def pushed_back(self) -> TurnSet:
        """Customer turns, after an agent turn, that push the answer back or ask the same again; not a no to whether anything is left."""
        nothing_left: TurnSet = self.leave & (self.agent & self.anything_else) << 1
        pushing: TurnSet = self.asked_again | self.customer & after(self.agent) & self.pushback & ~(self.delight | nothing_left)
        return pushing

    @turns_with()
    def asked_again(self) -> TurnSet:
        """Customer questions, past an agent turn, most of whose telling words stood in an earlier turn of the customer."""
        asked = self.customer & after(self.agent) & self._asks
        words, common = self.turns.texts.words, self.tongue.common_words

        def again(talk: int, customer: int, agent: int, asked: int) -> int:
            found = taken = 0
            before = Earlier()
            for place, row in self.turns.said(talk, asked):
                telling = matter(words[row], common)
                least = max(_TELLING, _MOSTLY * len(telling))
                if len(telling) < least:
                    continue
                answered = customer & (1 << (agent & (1 << place) - 1).bit_length()) - 1  # before the answer that came last
                for _, other in self.turns.said(talk, answered & ~taken):
                    before.add(words[other])
                taken = answered
                if before.shares(telling, _at_least(least)):
                    found |= 1 << place
            return found

        return self.each(again, self.customer, self.agent, asked, where=asked)

    @turns_with()
    def given_before(self) -> TurnSet:
        """Customer turns that answer an agent's question for a detail with what stood in an earlier turn of theirs, and no more.

        Not where the agent asks to hear it again, or named it all in the question.
        """
        asking = self.agent & self.ask_detail & ~(self.asks_to_repeat | self.confirm_request | self.anything_else)
        answers = self.customer & asking << 1 & ~(self._asks | self.cannot_provide)
        rows, starts, normals = self.turns.rows, self.turns.starts, self.turns.texts.normals
        words, common = details(self.turns.texts.words), self.tongue.common_words

        def again(talk: int, answers: int) -> int:
            found, start, end = 0, starts[talk], answers.bit_length()
            told: set[bytes] = set()
            for place, side in enumerate(self.heard[talk].sides[:end]):
                if side == CUSTOMER:
                    row = rows[start + place]
                    if answers >> place & 1 and told and len(normals[row]) <= _ANSWER:
                        given = matter(words[row], common)
                        if given <= told and given - words[rows[start + place - 1]]:
                            found |= 1 << place
                    told.update(words[row])
            return found

        return self.each(again, answers, where=answers)

    @turns_with("turns_down")
    def turned_down(self) -> TurnSet:
        """Customer turns, after an agent turn, that turn down what was proposed, and are not content with anything else."""
        return self.customer & self.turns_down & after(self.agent) & ~(self.solved | self.delight)

    @turns_with("delight")
    def delighted(self) -> TurnSet:
        """Customer turns, after an agent turn, that tell of more than was expected."""
        return self.customer & self.delight & after(self.agent) & ~self.anger

    @turns_with("pushback")
    def ends_pushed_back(self) -> TurnSet:
        """The customer's last turn, if it still pushes back or asks, and is not content."""
        end = last(self.customer)
        eased = self.solved | self.gratitude | self.delight
        return where(end & (self.pushed_back | self._asks) & ~eased, end != self.customer)

    @turns_with()
    def question_left(self) -> TurnSet:
        """The customer's last question, if only manners or stock phrases follow it, or nothing at all."""
        asked = last(self.customer) & self._asks & after(self.agent)
        empty = self._mannerly | self.stock | self.farewell | self.anything_else
        return unless(asked, self.agent & after(asked) & ~empty)

    @turns_with()
    def passed_over(self) -> TurnSet:
        """Customer questions of which the agent's answer takes up no telling word, and asks nothing back.

        Advice names what the question could not; who owns up to not knowing has heard it.
        """
        asked = self.customer & self._asks & ~(self.advice_sought | last(self.customer | self.agent))
        stems = Stems(self.turns.texts.words, self.tongue.common_words)
        return self.each(lambda *talk: self._passed_over(stems, *talk), self.agent, self.customer, asked, where=asked)

    def _passed_over(self, stems: Stems, talk: int, agent: int, customer: int, asked: int) -> int:
        found, answering = 0, int((self._asks | self.not_known)[talk])
        start, rows = self.turns.starts[talk], self.turns.rows
        for place in places(asked):
            later = customer >> place + 1 << place + 1
            answers = agent >> place + 1 << place + 1 & ((later & -later) - 1)
            if answers and not answers & answering:
                about = stems.asked(rows[start + place])
                if about and all(about.isdisjoint(stems[rows[start + answer]]) for answer in places(answers)):
                    found |= 1 << place
        return found

    @turns_with("offer", "promotion", "leaves_choice")
    def offered(self) -> TurnSet:
        """Agent turns that offer a product, plan or extra, in words of an offer, or with a price, or unasked, and free to take.

        Words of an offer do not count once the customer has asked for one.
        """
        unasked = (self.offer | self.promotion) & ~after(self.customer & self.wants_more)
        return self.agent & (unasked | (self.price_said | self.goes_beyond | self.pointer) & self.leaves_choice)


def _at_least(number: float) -> Least:
    return lambda _size: number
