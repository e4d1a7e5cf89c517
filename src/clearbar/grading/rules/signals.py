"""What is measured in conversations: named signals over turns, each measured at most once and only if a decision asks.

A signal is a set of turns, which a verdict can quote and a decision counts, or a plain number; of a whole block of conversations
at once, so that there is no `if` on a set here but `where`, `unless` and `either`. What takes a look at words is measured `each`.
Each class adds to the one before: `Hearing` what was found, `Reception` how answers were taken, `Course` waits and mood, `Conduct`
what the two sides do, `Signals` how it ends.
"""

from clearbar.grading.rules.conduct import Conduct
from clearbar.grading.rules.hearing import COUNTED, QUOTED, SIGNALS, turns_with
from clearbar.grading.rules.turnset import TurnSet, after, before, either, ending, last, since, unless, where

__all__ = ["COUNTED", "QUOTED", "SIGNALS", "Signals"]


class Signals(Conduct):
    """The signals of conversations in one language: all others, and what comes next and how a talk ends."""

    @turns_with("promise", "handoff")
    def pending(self) -> TurnSet:
        """Agent turns by which something remains to happen after the talk.

        A promise only if no later turn says that it is done, or it is due days later; nothing if the customer then says that it is solved.
        """
        by_letter = self.private_channel & (self.ask_detail | self.next_step)
        kept = last(self.agent & (self.done | self.booked))
        promised = self.promise & (either(since(kept), ~kept) | self.days_said)
        remains = self.agent & (promised | self.escalation | self.noted | by_letter) & ~self._only_asks
        return unless(remains, self.customer & self.settled & after(last(remains)))

    @property
    def _only_asks(self) -> TurnSet:
        """Agent turns that want something first, and which the agent followed up in the same talk: what they promise is part of it."""
        wants = (self.ask_detail | self.confirm_request | self._asks & ~self.anything_else) & ~(self.private_channel | self.days_said)
        return where(wants & before(last(self.weighty)), self.written_apart == 0)

    @turns_with("next_step")
    def plan_at_end(self) -> TurnSet:
        """The agent's last turn of substance, or the last by which something remains to happen, if it says who does what next."""
        return (self.final_reply | last(self.pending)) & self.next_step

    @turns_with("next_step", "when")
    def told_next(self) -> TurnSet:
        """Agent turns that say who does what next, or by when."""
        return self.agent & (self.next_step | self.when & self.pending)

    @turns_with("farewell", "anything_else")
    def leave_taken(self) -> TurnSet:
        """The agent's turns at the end that take leave or ask whether anything is left."""
        return ending(self.agent, 2) & (self.farewell | self.anything_else)

    @turns_with("done", "instruction")
    def answered_at_end(self) -> TurnSet:
        """The agent's last turn, if it is the last of all and tells something, to a customer who does not push back."""
        return unless(last(self.agent) & self.informs & ~self.stock, self.customer_has_last_word | self.pushed_back)

    @turns_with("private_channel")
    def hands_over(self) -> TurnSet:
        """The agent's last turn, if it moves the talk to private messages."""
        return last(self.agent) & self.private_channel

    @turns_with("elsewhere")
    def goes_elsewhere(self) -> TurnSet:
        """The agent's last turn, if it says where else the matter goes on, as by a link, a form or another desk."""
        return last(self.agent) & self.elsewhere

    @turns_with("passing_on")
    def passed_on(self) -> TurnSet:
        """The agent's last turn, if it is the last of all and passes the customer on to somebody else, without asking whether it should."""
        return unless(last(self.agent) & self.passing_on & ~self._asks, self.customer_has_last_word)

    @turns_with()
    def ends_in_data(self) -> TurnSet:
        """Turns of the system at the end, past a last word of the customer that the agent did not answer."""
        return self._by({"system"}) & after(self.customer_has_last_word)

    @turns_with("ask_detail")
    def awaits_answer(self) -> TurnSet:
        """The agent's last turn, if it is the last of all and asks for something that the matter needs."""
        asking = (self.ask_detail | self.confirm_request) & self._asks & ~(self.anything_else | self.farewell)
        return unless(last(self.agent) & asking, self.customer_has_last_word)

    @turns_with("leave", "gratitude")
    def customer_leaves(self) -> TurnSet:
        """Customer turns among the last three spoken turns that take leave or thank."""
        return self.customer & ending(self.customer | self.agent, 3) & (self.leave | self.gratitude | self.solved)

    @turns_with("done", "failure")
    def stops_when_done(self) -> TurnSet:
        """The agent's last turn, if it is the last of all and only says that something is done, or failed."""
        telling = (self.done | self.failure) & ~(self.farewell | self.anything_else)
        return unless(last(self.agent) & telling, self.customer_has_last_word)
