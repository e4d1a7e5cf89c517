"""What is measured in a conversation: named signals over turns, each measured at most once and only if a decision asks.

A signal's value is a number. Where it is a number of turns, `Signals.turns` tells which, so that a verdict can quote them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, Protocol

from clearbar.grading.rules.engine import Finder
from clearbar.grading.rules.lexicon import Tongue
from clearbar.grading.rules.text import Utterance

__all__ = ["QUOTED", "SIGNALS", "Signals", "Spoken", "mannerly"]

CUSTOMER: Final = 0
AGENT: Final = 1
_SAME: Final = 0.9  # share of common words from which two turns say the same
_ALIKE: Final = 0.6
_STOCK: Final = 20
_NEARLY: Final = 0.7
_SHORT: Final = 3
_CLAUSE: Final = 5
_LONG: Final = 12
_HOURS: Final = 3_600.0


_HOLD: Final = ("hold",)
_WEIGHTY: Final = ("refusal", "done", "promise", "instruction", "ask_detail", "handoff", "not_understood")
_MANNERS: Final = ("greeting", "farewell", "anything_else", "gratitude", "leave", "courtesies")


class Spoken(Protocol):
    """A turn, as pydantic's and msgspec's both are."""

    @property
    def role(self) -> str:
        """Customer, agent, bot, system or note."""

    @property
    def text(self) -> str:
        """What was said."""

    @property
    def time(self) -> float | None:
        """Seconds from the start of the conversation."""


Measure = Callable[["Signals"], "float | list[int]"]
SIGNALS: Final[dict[str, str]] = {}
"""What each signal measures, by name."""
QUOTED: Final[dict[str, tuple[str, ...]]] = {}
"""Groups whose words are quoted from a signal's turns; without any, the turn's own first sentence."""


class _Signal:
    """Measures on first reading and leaves the value in the instance, where the next reading finds it directly."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self._name = measure.__name__

    def __get__(self, signals: "Signals | None", owner: type) -> Any:
        if signals is None:
            return self
        value: float | list[int] = self._measure(signals)
        if isinstance(value, list):
            signals.found[self._name] = value
            value = len(value)
        signals.__dict__[self._name] = value
        return value


def _signal(*quoted: str) -> Callable[[Measure], Any]:
    def register(measure: Measure) -> Any:
        SIGNALS[measure.__name__] = (measure.__doc__ or "").strip()
        QUOTED[measure.__name__] = quoted
        return _Signal(measure)

    return register


class Signals:
    """The signals of one conversation.

    Parameters
    ----------
    turns
        All turns, in order.
    sides
        Of each turn: 0 customer, 1 agent, -1 whom nobody grades (bot, system, note).
    utterances
        Of each turn, None where nobody grades it.
    finder
        By which they were searched.
    """

    def __init__(
        self,
        turns: Sequence[Spoken],
        sides: Sequence[int],
        utterances: Sequence[Utterance | None],
        finder: Finder,
    ) -> None:
        self.all = turns
        self.sides = sides
        self.utterances = utterances
        self.finder = finder
        self.tongue = finder.tongue
        self.limits: Mapping[str, float] = {}
        """The rubric's figures for the channel."""
        self.masks = masks = [utterance.mask if utterance is not None else 0 for utterance in utterances]
        self.agent = [place for place, side in enumerate(sides) if side == AGENT]
        self.customer = [place for place, side in enumerate(sides) if side == CUSTOMER]
        self.found: dict[str, list[int]] = {}
        heard = 0
        for mask in masks:
            heard |= mask
        self.heard = heard
        """Groups found in any turn."""
        own = self.__dict__
        own.update(self.tongue.unheard)
        bits = heard
        while bits:
            low = bits & -bits
            own.pop(self.tongue.names[low], None)
            bits ^= low

    def __getattr__(self, name: str) -> float:
        """Return in how many turns a group was found, or the figure of a limit; unlimited where the channel has none."""
        bit = self.tongue.bits.get(name)
        if bit is not None:
            count = 0
            if self.heard & bit:
                self.found[name] = found = [place for place, mask in enumerate(self.masks) if mask & bit]
                count = len(found)
            self.__dict__[name] = count
            return count
        if name.startswith("_"):
            raise AttributeError(name)
        value = self.__dict__[name] = self.limits.get(name, float("inf") if name.endswith("_seconds") else 0.0)
        return value

    def turns(self, name: str) -> list[int]:
        """Return the turns that a signal or group counted; none for a plain number."""
        getattr(self, name)
        return self.found.get(name, [])

    def _bits(self, *groups: str) -> int:
        return self.tongue.together[groups]

    def _with(self, places: Iterable[int], *groups: str) -> list[int]:
        bits, masks = self.tongue.together[groups], self.masks
        return [place for place in places if masks[place] & bits] if self.heard & bits else []

    def _words(self, place: int) -> frozenset[bytes]:
        utterance = self.utterances[place]
        return utterance.words if utterance is not None else frozenset()

    def _length(self, place: int) -> int:
        utterance = self.utterances[place]
        return utterance.length if utterance is not None else 0

    def _asks(self, place: int) -> bool:
        utterance = self.utterances[place]
        return utterance is not None and utterance.asks

    @cached_property
    def weighty(self) -> list[int]:
        """Agent turns that hold more than manners."""
        utterances = self.utterances
        return [place for place in self.agent if not utterances[place].mannerly]  # type: ignore[union-attr]

    # ------------------------------------------------------------------ shape

    @_signal()
    def agent_turns(self) -> list[int]:
        """Turns of the agent."""
        return self.agent

    @_signal()
    def customer_turns(self) -> list[int]:
        """Turns of the customer."""
        return self.customer

    @_signal()
    def opening(self) -> list[int]:
        """The customer's first turn that says what it is about."""
        for place in self.customer:
            if self._length(place) >= _CLAUSE:
                return [place]
        return self.customer[:1]

    @_signal()
    def written_apart(self) -> float:
        """1 where the two sides write hours apart, as by e-mail or on social media, so that a thread may just stop; else 0."""
        return float(self.limits.get("long_gap_seconds", 0.0) >= _HOURS)

    @_signal()
    def first_reply(self) -> list[int]:
        """The agent's first turn that is more than manners."""
        return (self.weighty or self.agent)[:1]

    @_signal()
    def final_reply(self) -> list[int]:
        """The agent's last turn that is more than manners."""
        return (self.weighty or self.agent)[-1:]

    @_signal()
    def last_agent_turn(self) -> list[int]:
        """The agent's last turn."""
        return self.agent[-1:]

    @_signal()
    def customer_has_last_word(self) -> list[int]:
        """The customer's last turn, if no agent turn follows it."""
        return self.customer[-1:] if self.customer and (not self.agent or self.customer[-1] > self.agent[-1]) else []

    # ------------------------------------------------------------------ the customer's side

    @_signal()
    def shouting(self) -> list[int]:
        """Customer turns with runs of ! or ?, or in capitals."""
        utterances = self.utterances
        return [place for place in self.customer if utterances[place].shouts]  # type: ignore[union-attr]

    @_signal("anger")
    def heat(self) -> list[int]:
        """Customer turns that are angry or shouted."""
        return sorted({*self._with(self.customer, "anger"), *self.turns("shouting")})

    @_signal("anger", "loss", "worry", "complaint", "chase", "fault")
    def trouble(self) -> list[int]:
        """Customer turns that tell of trouble with feeling or cost: anger, worry, loss, or a fault that keeps coming back."""
        felt = {*self._with(self.customer, "anger", "worry", "loss"), *self.turns("shouting")}
        faults, again = self._with(self.customer, "fault"), set(self._with(self.customer, "complaint", "chase", "repeat_point"))
        return sorted(felt | {place for place in faults if place in again})

    @_signal("anger", "complaint", "loss", "chase")
    def grievance(self) -> list[int]:
        """Customer turns that hold the company to account for a failure; anger alone does only beside a fault or a complaint."""
        held = set(self._with(self.customer, "complaint")) & set(
            self._with(self.customer, "fault", "loss", "chase", "worry", "repeat_point", "reported_refusal")
        )
        blamed = self.heard & self._bits("complaint", "fault", "chase", "reported_refusal")
        return sorted(held | set(self.turns("heat") if blamed else ()))

    @_signal("request")
    def requests(self) -> list[int]:
        """Customer turns that ask for something."""
        return [place for place in self.customer if self.masks[place] & self._bits("request") or self._asks(place)]

    @_signal("repeat_point")
    def said_again(self) -> list[int]:
        """Customer turns, after an agent turn, that say something again or say it was missed."""
        return [place for place in self._with(self.customer, "repeat_point") if self.agent and place > self.agent[0]]

    @_signal("anger", "complaint", "repeat_point", "loss", "fault")
    def still_troubled(self) -> list[int]:
        """Customer turns, after an agent turn, that still tell of trouble, complain or say something again."""
        bits = self._bits("anger", "complaint", "repeat_point", "loss", "fault", "chase")
        first = self.agent[0] if self.agent else len(self.masks)
        return [
            place for place in self.customer if place > first and self.masks[place] & bits and not self.masks[place] & self._bits("solved")
        ]

    @_signal("correction_by_customer")
    def set_right(self) -> list[int]:
        """Customer turns, after an agent turn, that set the agent right."""
        return [place for place in self._with(self.customer, "correction_by_customer") if self.agent and place > self.agent[0]]

    @_signal("solved", "gratitude")
    def content_at_end(self) -> list[int]:
        """The customer's last turn, if it thanks or says that it is solved."""
        return [place for place in self._with(self.customer[-1:], "solved", "gratitude") if not self.masks[place] & self._bits("anger")]

    @_signal("complaint", "repeat_point", "anger")
    def discontent_at_end(self) -> list[int]:
        """The customer's last turn, if it is angry, complains or says something again."""
        bits = self._bits("anger", "complaint", "repeat_point", "chase", "solved_elsewhere")
        return [place for place in self.customer[-1:] if self.masks[place] & bits and len(self.customer) > 1]

    @_signal("anger", "complaint", "repeat_point", "chase", "loss", "fault")
    def left_in_trouble(self) -> list[int]:
        """The customer's last turn, if it still tells of trouble after an answer and no agent turn follows it."""
        bits = self._bits("anger", "complaint", "repeat_point", "chase", "loss", "fault", "reported_refusal")
        eased = self._bits("solved", "gratitude", "leave")
        last = self.turns("customer_has_last_word")
        return [place for place in last if self.masks[place] & bits and not self.masks[place] & eased and self.agent]

    # ------------------------------------------------------------------ the agent's side

    @_signal("done", "instruction", "refusal")
    def informs(self) -> list[int]:
        """Agent turns that give information or act on data."""
        telling, asking = (
            self._bits("done", "instruction", "refusal"),
            self._bits("ask_detail", "promise", "confirm_request", "anything_else"),
        )
        masks, found = self.masks, []
        for place in self.weighty:
            mask = masks[place]
            if mask & telling or (not mask & asking and not self._asks(place) and self._length(place) >= _CLAUSE):
                found.append(place)
        return found

    @_signal("acknowledgement", "specific_acknowledgement")
    def acknowledged(self) -> list[int]:
        """Agent turns after the trouble was told that take up the feeling or the cost in more than set words."""
        first = self.turns("trouble")[:1]
        return [place for place in self._with(self.agent, "acknowledgement", "specific_acknowledgement") if first and place > first[0]]

    @_signal("stock_apology", "apology")
    def apologized(self) -> list[int]:
        """Agent turns after the trouble was told that apologize otherwise than to refuse."""
        first = self.turns("trouble")[:1]
        refusing = self._bits("refusal_apology", "refusal", "not_understood")
        return [place for place in self._with(self.agent, "apology") if first and place > first[0] and not self.masks[place] & refusing]

    @_signal("refusal")
    def refused(self) -> list[int]:
        """Agent turns that refuse, or tell of an obstacle."""
        return self._with(self.agent, "refusal")

    @_signal("alternative", "escalation")
    def way_on(self) -> list[int]:
        """Agent turns, from the last refusal on, that offer another way."""
        last = self.turns("refused")[-1:]
        return [place for place in self._with(self.agent, "alternative", "escalation") if last and place >= last[0]]

    @_signal("refusal")
    def ends_in_refusal(self) -> list[int]:
        """The agent's last turn of substance, if it refuses and offers nothing."""
        softened = self._bits("alternative", "escalation", "done")
        return [
            place for place in self.turns("final_reply") if self.masks[place] & self._bits("refusal") and not self.masks[place] & softened
        ]

    @_signal("failure")
    def failed_for_good(self) -> list[int]:
        """The agent's last turn by which something did not come about, if no later one says that it is done."""
        last = self._with(self.agent, "failure")[-1:]
        return [place for place in last if not self._with([turn for turn in self.agent if turn >= place], "done", "escalation")]

    @_signal("not_understood")
    def ends_not_understood(self) -> list[int]:
        """The agent's last turn of substance, if it did not take in what was said."""
        return self._with(self.turns("final_reply"), "not_understood")

    @_signal("done")
    def done_after_refusal(self) -> list[int]:
        """Agent turns after the last refusal that say that it is done."""
        last = self.turns("refused")[-1:]
        return [place for place in self._with(self.agent, "done") if last and place > last[0]]

    @_signal()
    def asked_twice(self) -> list[int]:
        """Agent turns that ask the customer the same again."""
        asked = [
            place
            for place in self.agent
            if self._asks(place) and self.masks[place] & self._bits("ask_detail") and self._length(place) >= _CLAUSE
        ]
        return [place for number, place in enumerate(asked) if any(self._same(place, other) for other in asked[:number])]

    @_signal()
    def repeats_itself(self) -> list[int]:
        """Agent turns that answer a question or a complaint with what an earlier one said, other than to refuse or take leave."""
        spared = self._bits("refusal", "anything_else", "farewell")
        pressing = self._bits("complaint", "repeat_point", "anger", "chase", "fault")
        long = [place for place in self.agent if self._length(place) >= _CLAUSE and not self.masks[place] & spared]
        found = []
        for number, place in enumerate(long):
            before = place - 1
            pressed = before >= 0 and self.sides[before] == CUSTOMER and (self._asks(before) or self.masks[before] & pressing)
            if pressed and any(self._again(place, other) for other in long[:number]):
                found.append(place)
        return found

    def _again(self, one: int, other: int) -> bool:
        """Whether two turns are one text, or nearly so where they are long."""
        left, right = self._words(one), self._words(other)
        return left == right or (len(left) >= _STOCK and len(left & right) >= _NEARLY * max(len(left), len(right)))

    def _same(self, one: int, other: int) -> bool:
        if self.utterances[one] is self.utterances[other]:
            return True
        shorter, longer = sorted((self._length(one), self._length(other)))
        if shorter < _ALIKE * longer:  # not worth comparing their words
            return False
        left, right = self._words(one), self._words(other)
        least = _SAME * max(len(left), len(right))
        return min(len(left), len(right)) >= least and len(left & right) >= least

    @_signal()
    def brushed_off(self) -> list[int]:
        """Customer questions that are answered by nothing but "anything else?"."""
        manners, found = self._bits("leave", "solved", "gratitude"), []
        for reply in self._with(self.agent, "anything_else"):
            place = reply - 1
            utterance = self.utterances[reply]
            if (
                place >= 0
                and self.sides[place] == CUSTOMER
                and self._asks(place)
                and not self.masks[place] & manners
                and utterance is not None
                and utterance.mannerly
            ):
                found.append(place)
        return found

    @_signal()
    def politeness(self) -> float:
        """Mean over agent turns of the weights of the politeness strategies found (Danescu-Niculescu-Mizil et al. 2013)."""
        weights = self.tongue.politeness.items()
        return sum(weight for place in self.agent for bit, weight in weights if self.masks[place] & bit) / max(len(self.agent), 1)

    @_signal()
    def own_case(self) -> list[int]:
        """The first agent turn that states something with a word or figure which this customer brought in."""
        told: set[bytes] = set()
        common = self.tongue.common_words
        for place, utterance in enumerate(self.utterances):
            if utterance is None:
                continue
            if self.sides[place] == CUSTOMER:
                told |= utterance.words
            elif not told.isdisjoint(utterance.stated(common)):
                return [place]
        return []

    # ------------------------------------------------------------------ time

    @_signal()
    def timed(self) -> list[int]:
        """Turns that carry a time."""
        return [place for place, side in enumerate(self.sides) if side >= 0 and self.all[place].time is not None]

    @cached_property
    def gaps(self) -> list[tuple[int, float]]:
        """Agent turns with the seconds since the customer began to wait, or since a wait was announced."""
        gaps: list[tuple[int, float]] = []
        hold, masks = self.tongue.together[_HOLD], self.masks
        since: float | None = None
        for place, (side, turn) in enumerate(zip(self.sides, self.all, strict=True)):
            if side == CUSTOMER:
                since = turn.time if since is None else since
            elif side == AGENT and since is not None:
                time = turn.time
                if time is not None:
                    gaps.append((place, time - since))
                since = time if masks[place] & hold else None
        return gaps

    @_signal()
    def longest_gap(self) -> float:
        """Longest time, in seconds, that the customer waited for a reply."""
        return max((seconds for _, seconds in self.gaps), default=0.0)

    @_signal()
    def slow_replies(self) -> list[int]:
        """Agent turns that came later than the channel's `gap_seconds`."""
        limit = self.limits.get("gap_seconds", float("inf"))
        return [place for place, seconds in self.gaps if seconds > limit]

    @_signal()
    def late_replies(self) -> list[int]:
        """Agent turns that came later than the channel's `long_gap_seconds`."""
        limit = self.limits.get("long_gap_seconds", float("inf"))
        return [place for place, seconds in self.gaps if seconds > limit]

    # ------------------------------------------------------------------ duties

    def _before(self, places: Sequence[int], later: Sequence[int]) -> list[int]:
        """Return the places that stand before the first of the later ones; all of them where there is none."""
        return [place for place in places if not later or place < later[0]]

    @_signal("verify_identity")
    def identity_checks(self) -> list[int]:
        """Agent turns that check who the customer is, before data of the account are revealed or changed."""
        return self._before(self._with(self.agent, "verify_identity"), self.turns("account_data"))

    @_signal("verify_two")
    def identity_checked_twice(self) -> list[int]:
        """Those of the identity checks that ask for two details, or say that they match."""
        return self._with(self.turns("identity_checks"), "verify_two")

    @_signal()
    def automated_turns(self) -> float:
        """Turns of a bot or the system, which are not searched."""
        return sum(turn.role in {"bot", "system"} for turn in self.all)

    @_signal()
    def system_turns(self) -> float:
        """Turns of the system: tool calls, data and notices, which the rules do not read."""
        return sum(turn.role == "system" for turn in self.all)

    @_signal("booked")
    def booked_for(self) -> list[int]:
        """Agent turns by which something is arranged, if the agent names a time anywhere."""
        return self._with(self.agent, "booked") if self.turns("when") else []

    @_signal("recording_notice_said")
    def early_notice(self) -> list[int]:
        """Agent turns that tell of the recording before the customer's second turn."""
        return self._before(self._with(self.agent, "recording_notice_said"), self.customer[1:])

    def _answers(self, place: int) -> int | None:
        """Return the agent turn that follows a turn; None where there is none."""
        return next((reply for reply in self.agent if reply > place), None)

    @_signal("danger")
    def danger_passed_over(self) -> list[int]:
        """The customer's first report of a danger, if the agent's next turn gives no safety instruction."""
        bits, danger = self._bits("safety_instruction"), self.turns("danger")[:1]
        replies = [(place, self._answers(place)) for place in danger]
        return [place for place, reply in replies if reply is not None and not self.masks[reply] & bits]

    # ------------------------------------------------------------------ what comes next, and the end

    @_signal("promise", "handoff")
    def pending(self) -> list[int]:
        """Agent turns by which something remains to happen after the talk."""
        return self._with(self.agent, "promise", "escalation")

    @_signal("next_step", "when")
    def told_next(self) -> list[int]:
        """Agent turns that say who does what next, or by when."""
        pending = set(self.turns("pending"))
        return [
            place
            for place in self._with(self.agent, "next_step", "when")
            if place in pending or self.masks[place] & self._bits("next_step")
        ]

    @_signal("farewell", "anything_else")
    def leave_taken(self) -> list[int]:
        """The agent's turns at the end that take leave or ask whether anything is left."""
        return self._with(self.agent[-2:], "farewell", "anything_else")

    @_signal("private_channel")
    def hands_over(self) -> list[int]:
        """The agent's last turn, if it moves the talk to private messages."""
        return self._with(self.agent[-1:], "private_channel")

    @_signal("ask_detail")
    def awaits_answer(self) -> list[int]:
        """The agent's last turn, if it is the last of all and asks for something that the matter needs."""
        if self.turns("customer_has_last_word"):
            return []
        asking, leaving = self._bits("ask_detail", "confirm_request"), self._bits("anything_else", "farewell")
        return [place for place in self.agent[-1:] if self.masks[place] & asking and self._asks(place) and not self.masks[place] & leaving]

    @_signal("leave", "gratitude")
    def customer_leaves(self) -> list[int]:
        """Customer turns among the last three spoken turns that take leave or thank."""
        spoken = [place for place, side in enumerate(self.sides) if side >= 0][-3:]
        return [place for place in self._with(spoken, "leave", "gratitude", "solved") if self.sides[place] == CUSTOMER]

    @_signal("done", "failure")
    def stops_when_done(self) -> list[int]:
        """The agent's last turn, if it is the last of all and only says that something is done, or failed."""
        if self.turns("customer_has_last_word"):
            return []
        return [
            place
            for place in self._with(self.agent[-1:], "done", "failure")
            if not self.masks[place] & self._bits("farewell", "anything_else")
        ]


def mannerly(utterance: Utterance, tongue: Tongue) -> bool:
    """Return whether a turn holds nothing but manners."""
    mask = utterance.mask
    if mask & tongue.together[_WEIGHTY]:
        return False
    return utterance.length <= _SHORT or bool(mask & tongue.together[_MANNERS] and utterance.length <= _LONG)
