"""What grading would cost, before anything is sent."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from clearbar.errors import GraderUnavailableError
from clearbar.grading.llm.asking import FRAME_TOKENS, Sizes
from clearbar.grading.llm.prices import Prices, load_prices
from clearbar.grading.llm.prompt import Prompt
from clearbar.grading.llm.tokens import estimate_tokens
from clearbar.model import Model
from clearbar.rubric import Rubric
from clearbar.settings import LlmSettings
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Usage

__all__ = ["Estimate", "estimate"]

OUTPUT_TOKENS = 70
"""Of a verdict: id, one sentence, one or two quotes, level, and the JSON around them."""
REPAIRS = 0.05
"""Share of replies after which a second request is expected."""


class Estimate(Model):
    """What grading some conversations would take."""

    conversations: int
    over_long: int
    """Of them, those that no number of parts allowed by the settings could hold; they are not sent."""
    calls: int
    input_tokens: int
    cached_tokens: int
    """Of the input, what providers that cache prompts take from their cache at best: the constant part of all calls but the first."""
    output_tokens: int
    cost_usd: float | None
    """Without any caching; null where the model's price is not in the table."""
    prices: str | None = None
    """What is wrong with the price: not compared with the provider's for long, or not there although a budget in dollars is set."""


def estimate(transcripts: Sequence[RedactedTranscript], rubric: Rubric, settings: LlmSettings, *, prompt_folder: Path) -> Estimate:
    """Return what `LlmGrader.grade` would take for conversations of which it holds no replies yet.

    Tokens are estimated as `tokens` tells, replies at a fixed size for each criterion, and a second request for one reply in
    twenty. Nothing is sent.
    """
    prices = load_prices(prompt_folder / "prices.yaml")
    sizes = Sizes.of(Prompt(rubric, prompt_folder, b""), settings, prices.of(settings.model or ""))
    calls = input_tokens = output_tokens = cached = over_long = 0
    for transcript in transcripts:
        parts = sizes.parts(transcript.turns)
        over_long += not parts
        for part in parts:
            spoken = sum(estimate_tokens(turn.text) for turn in transcript.turns[part.first : part.last])
            for group, constant in sizes.constants.items():
                calls += settings.votes
                input_tokens += settings.votes * (constant + spoken + FRAME_TOKENS)
                cached += settings.votes * constant
                output_tokens += settings.votes * OUTPUT_TOKENS * len(group)
    again = 1 + REPAIRS
    usage = Usage(calls=calls, input_tokens=round(input_tokens * again), output_tokens=round(output_tokens * again))
    return Estimate(
        conversations=len(transcripts),
        over_long=over_long,
        calls=round(calls * again),
        input_tokens=usage.input_tokens,
        cached_tokens=max(0, cached - max(sizes.constants.values())) if calls else 0,
        output_tokens=usage.output_tokens,
        cost_usd=prices.cost(settings.model or "", usage, batch=settings.mode == "batch"),
        prices=_fault(prices, settings),
    )


def _fault(prices: Prices, settings: LlmSettings) -> str | None:
    try:
        prices.check_budget(settings)
    except GraderUnavailableError as error:
        return str(error)
    return prices.stale(settings.model or "", datetime.now(UTC).date())
