"""What customer and agent do in a talk: who speaks, what each of them says, when, and what is owed to a customer."""

from collections.abc import Collection
from typing import Final

import numpy as np

from clearbar.grading.rules.course import Course
from clearbar.grading.rules.hearing import number, turns_with
from clearbar.grading.rules.once import Once
from clearbar.grading.rules.texts import AGENT, CUSTOMER
from clearbar.grading.rules.turnset import Numbers, TurnSet, after, before, count, either, first, last, places, since, unless, where
from clearbar.grading.rules.waits import waits, weekday_waits
from clearbar.grading.rules.wording import Telling, same_as_before, worded_as_before

__all__ = ["Conduct"]

_HOURS: Final = 3_600.0


class Conduct(Course):
    """Signals of what customer and agent do."""

    @property
    def weighty(self) -> TurnSet:
        """Agent turns that hold more than manners."""
        return self.agent & ~self._mannerly

    # ------------------------------------------------------------------ shape

    @turns_with()
    def agent_turns(self) -> TurnSet:
        """Turns of the agent."""
        return self.agent

    @turns_with()
    def customer_turns(self) -> TurnSet:
        """Turns of the customer."""
        return self.customer

    @turns_with()
    def opening(self) -> TurnSet:
        """The customer's first turn that says what it is about."""
        return first(either(self.customer & self._clause, self.customer))

    @number
    def written_apart(self) -> Numbers:
        """1 where the two sides write hours apart, as by e-mail or on social media, so that a thread may just stop; else 0."""
        return ((self.long_gap_seconds >= _HOURS) & np.isfinite(self.long_gap_seconds)).astype(float)

    @turns_with()
    def first_reply(self) -> TurnSet:
        """The agent's first turn that is more than manners."""
        return first(either(self.weighty, self.agent))

    @turns_with()
    def final_reply(self) -> TurnSet:
        """The agent's last turn that is more than manners."""
        return last(either(self.weighty, self.agent))

    @turns_with()
    def last_agent_turn(self) -> TurnSet:
        """The agent's last turn."""
        return last(self.agent)

    @turns_with()
    def customer_has_last_word(self) -> TurnSet:
        """The customer's last turn, if no agent turn follows it."""
        return last(self.customer | self.agent) & self.customer

    # ------------------------------------------------------------------ the customer's side

    @turns_with()
    def shouting(self) -> TurnSet:
        """Customer turns with runs of ! or ?, or in capitals, but not for joy."""
        return self.customer & self._shouts & ~(self.solved | self.gratitude | self.delight)

    @turns_with("anger")
    def heat(self) -> TurnSet:
        """Customer turns that are angry or shouted."""
        return self.customer & self.anger | self.shouting

    @turns_with("anger", "loss", "worry", "complaint", "chase", "fault")
    def trouble(self) -> TurnSet:
        """Customer turns that tell of trouble with feeling or cost: anger, worry, loss, or a fault that keeps coming back."""
        again = self.complaint | self.chase | self.repeat_point
        return self.customer & (self.anger | self.worry | self.loss | self.fault & again) | self.shouting

    @turns_with("anger", "complaint", "loss", "chase")
    def grievance(self) -> TurnSet:
        """Customer turns that hold the company to account for a failure; anger alone does only beside a fault or a complaint."""
        beside = self.fault | self.loss | self.chase | self.worry | self.repeat_point | self.reported_refusal
        blamed = self.complaint | self.fault | self.chase | self.reported_refusal
        return self.customer & self.complaint & beside | where(self.heat, blamed)

    @turns_with("request")
    def requests(self) -> TurnSet:
        """Customer turns that ask for something."""
        return self.customer & (self.request | self._asks)

    @turns_with("repeat_point")
    def said_again(self) -> TurnSet:
        """Customer turns, after an agent turn, that say something again or say it was missed."""
        return self.customer & self.repeat_point & after(self.agent)

    @turns_with("anger", "complaint", "repeat_point", "loss", "fault")
    def still_troubled(self) -> TurnSet:
        """Customer turns, after an agent turn, that still tell of trouble, complain or say something again."""
        troubled = self.anger | self.complaint | self.repeat_point | self.loss | self.fault | self.chase
        return self.customer & after(self.agent) & troubled & ~self.solved

    @turns_with("correction_by_customer")
    def set_right(self) -> TurnSet:
        """Customer turns, after an agent turn, that set the agent right."""
        return self.customer & self.correction_by_customer & after(self.agent)

    @turns_with("solved", "gratitude")
    def content_at_end(self) -> TurnSet:
        """The customer's last turn, if it thanks or says that it is solved."""
        return last(self.customer) & (self.solved | self.gratitude) & ~self.anger

    @turns_with("complaint", "repeat_point", "anger")
    def discontent_at_end(self) -> TurnSet:
        """The customer's last turn, if it is angry, complains or says something again."""
        end = last(self.customer)
        discontent = self.anger | self.complaint | self.repeat_point | self.chase | self.solved_elsewhere
        return where(end & discontent, end != self.customer)

    @turns_with("anger", "complaint", "repeat_point", "chase", "loss", "fault")
    def left_in_trouble(self) -> TurnSet:
        """The customer's last turn, if it still tells of trouble after an answer and no agent turn follows it."""
        troubled = self.anger | self.complaint | self.repeat_point | self.chase | self.loss | self.fault | self.reported_refusal
        eased = self.solved | self.gratitude | self.leave
        return self.customer_has_last_word & troubled & ~eased

    # ------------------------------------------------------------------ the agent's side

    @turns_with("done", "instruction", "refusal")
    def informs(self) -> TurnSet:
        """Agent turns that give information or act on data."""
        asking = self.ask_detail | self.promise | self.confirm_request | self._asks
        asking |= self.private_channel | self.stock | self.vague
        return self.weighty & (self.done | self.instruction | self.refusal | self._clause & ~asking)

    @turns_with("acknowledgement", "specific_acknowledgement", "understanding")
    def acknowledged(self) -> TurnSet:
        """Agent turns, after the customer's first, that take up a feeling or a cost; an apology that only refuses does not."""
        taken_up = (self.acknowledgement | self.specific_acknowledgement) & ~self.refusal_apology | self.understanding
        return self.agent & taken_up & after(self.customer)

    @turns_with("stock_apology", "apology")
    def apologized(self) -> TurnSet:
        """Agent turns, after the customer's first, that apologize otherwise than to refuse, or for not having understood or heard."""
        misheard = self.not_understood | self.asks_to_repeat
        return self.agent & self.apology & after(self.customer) & ~(self.refusal_apology | self.refusal | misheard)

    @turns_with("refusal")
    def refused(self) -> TurnSet:
        """Agent turns that refuse, or tell of an obstacle."""
        return self.agent & self.refusal

    @turns_with("alternative", "escalation")
    def way_on(self) -> TurnSet:
        """Agent turns, from the last refusal on, that offer another way."""
        return self.agent & (self.alternative | self.escalation) & since(last(self.refused))

    @turns_with("alternative", "instruction")
    def beside_the_no(self) -> TurnSet:
        """Agent turns, from the first refusal on, that say what else can be done, or what to do."""
        return self.agent & (self.alternative | self.instruction) & since(first(self.refused))

    @turns_with("refusal")
    def ends_in_refusal(self) -> TurnSet:
        """The agent's last turn of substance, if it refuses and offers nothing."""
        return self.final_reply & self.refusal & ~(self.alternative | self.escalation | self.done)

    @turns_with("failure")
    def failed_for_good(self) -> TurnSet:
        """The agent's last turn by which something did not come about, if no later one says that it is done."""
        failed = last(self.agent & self.failure)
        return unless(failed, self.agent & (self.done | self.escalation) & since(failed))

    @turns_with("not_understood")
    def ends_not_understood(self) -> TurnSet:
        """The agent's last turn of substance, if it did not take in what was said."""
        return self.final_reply & self.not_understood

    @turns_with("done")
    def done_after_refusal(self) -> TurnSet:
        """Agent turns after the last refusal that say that it is done."""
        return self.agent & self.done & after(last(self.refused))

    @turns_with()
    def asked_twice(self) -> TurnSet:
        """Agent turns that ask the customer the same again."""
        asked, words = self.agent & self._asks & self.ask_detail & self._clause, self.turns.texts.words
        return self.each(lambda talk, asked: same_as_before(self.turns.said(talk, asked), words), asked, where=asked != first(asked))

    @turns_with()
    def repeats_itself(self) -> TurnSet:
        """Agent turns that say what an earlier one said, word by word or nearly so, other than to ask, greet or take leave."""
        told, words = self.agent & self._clause & ~(self._asks | self.anything_else | self.farewell | self.greeting), self.turns.texts.words
        return self.each(lambda talk, told: worded_as_before(self.turns.said(talk, told), words), told, where=told != first(told))

    @turns_with()
    def brushed_off(self) -> TurnSet:
        """Customer questions that are answered by nothing but "anything else?"."""
        questions = self.customer & self._asks & ~(self.leave | self.solved | self.gratitude)
        return questions & (self.agent & self.anything_else & self._mannerly) >> 1

    @number
    def politeness(self) -> Numbers:
        """Mean over agent turns of the weights of the politeness strategies used (after Danescu-Niculescu-Mizil et al. 2013)."""
        turns = self.turns
        spoken = turns.sides == AGENT
        used = turns.texts.strategies[np.array(turns.rows, np.intp)[spoken] - turns.texts.customers]
        total = np.zeros(len(self.heard))
        for uses, weight in zip(used.T, self.tongue.strategies.values(), strict=True):
            total += weight * np.bincount(turns.whose[spoken], uses, len(total))
        return total / np.maximum(count(self.agent), 1)

    @turns_with()
    def own_case(self) -> TurnSet:
        """The first agent turn that takes up a word or figure which this customer brought in."""
        turns, heard = self.turns, self.heard
        rows, starts, words = turns.rows, turns.starts, turns.texts.words
        telling = Telling(words, self.tongue.common_words)

        def first_of(talk: int) -> int:
            told: set[bytes] = set()
            start = starts[talk]
            for place, side in enumerate(heard[talk].sides):
                if side == CUSTOMER:
                    told.update(words[rows[start + place]])
                elif side == AGENT and told and not told.isdisjoint(telling[rows[start + place]]):
                    return 1 << place
            return 0

        return self.each(first_of, where=self.customer)

    # ------------------------------------------------------------------ time

    @turns_with()
    def timed(self) -> TurnSet:
        """Turns that carry a time."""
        return (self.customer | self.agent) & self.turns.those(~np.isnan(self.turns.times))

    @Once
    def gaps(self) -> Numbers:
        """Of each of all turns, the seconds since the customer began to wait for it, or since a wait was announced; else NaN."""
        turns = self.turns
        return waits(turns.sides, turns.times, turns.whose, self.hold[turns.whose] & turns.bits != 0)

    @number
    def longest_gap(self) -> Numbers:
        """Longest time, in seconds, that the customer waited for a reply."""
        longest = np.zeros(len(self.heard))
        np.fmax.at(longest, self.turns.whose, self.gaps)
        return longest

    @turns_with()
    def slow_replies(self) -> TurnSet:
        """Agent turns that came later than the channel's `gap_seconds`, and not by a time that was said."""
        return self._later(self.gap_seconds)

    @turns_with()
    def late_replies(self) -> TurnSet:
        """Agent turns that came later than the channel's `long_gap_seconds`, and not by a time that was said."""
        return self._later(self.long_gap_seconds)

    def _later(self, limits: Numbers) -> TurnSet:
        return self.turns.those(self._waited > limits[self.turns.whose]) & ~self.back_in_time

    @Once
    def _waited(self) -> Numbers:
        """The gaps, without weekends where the channel's `weekdays_only` says so."""
        turns = self.turns
        return np.where(self.weekdays_only[turns.whose] > 0, weekday_waits(turns.moments, self.gaps), self.gaps)

    # ------------------------------------------------------------------ duties

    @turns_with("verify_identity")
    def identity_checks(self) -> TurnSet:
        """Agent turns that check who the customer is, before data of the account are revealed or changed."""
        return self.agent & self.verify_identity & before(self.account_data)

    @turns_with("verify_two")
    def identity_checked_twice(self) -> TurnSet:
        """Those of the identity checks that ask for two details, or say that they match."""
        return self.identity_checks & self.verify_two

    @number
    def automated_turns(self) -> Numbers:
        """Turns of a bot or the system, which are not searched."""
        return count(self._by({"bot", "system"}))

    @number
    def system_turns(self) -> Numbers:
        """Turns of the system: tool calls, data and notices, which the rules do not read."""
        return count(self._by({"system"}))

    def _by(self, roles: Collection[str]) -> TurnSet:
        return self.each(
            lambda talk, others: sum([1 << place for place in places(others) if self.heard[talk].turns[place].role in roles]),
            self.others, where=self.others,
        )  # fmt: skip

    @turns_with("booked")
    def booked_for(self) -> TurnSet:
        """Agent turns by which something is arranged, if the agent names a time anywhere."""
        return where(self.agent & self.booked, self.when)

    @turns_with("recording_notice_said")
    def early_notice(self) -> TurnSet:
        """Agent turns that tell of the recording before the customer's second turn."""
        return self.agent & self.recording_notice_said & before(self.customer ^ first(self.customer))

    @turns_with("danger")
    def danger_passed_over(self) -> TurnSet:
        """The customer's first report of a danger, if the agent's next turn gives no safety instruction."""
        danger = first(self.danger)
        answer = first(self.agent & after(danger))
        return where(danger, answer & ~self.safety_instruction)
