from datetime import date
from pathlib import Path

import pytest

from clearbar.errors import ProjectError
from clearbar.grading.llm.estimate import estimate
from clearbar.grading.llm.prices import Price, Prices, load_prices
from clearbar.grading.llm.prompt import CONSTANT_TOKENS, Prompt, schema_tokens, show
from clearbar.grading.llm.tokens import estimate_tokens
from clearbar.rubric_file import load_rubric
from clearbar.settings import LlmSettings
from clearbar.transcript import RedactedTranscript, Role, Turn
from clearbar.verdict import Usage

from .conftest import PROMPTS, ROOT, make_rubric, make_transcript

RUBRIC = make_rubric()
IDS = tuple(criterion.id for criterion in RUBRIC.criteria)
PROMPT = Prompt(RUBRIC, PROMPTS, b"secret")


def test_prices_that_nobody_compared_for_long_are_said_to_be_old_and_unknown_ones_are_not() -> None:
    prices = Prices(as_of=date(2026, 1, 1), models={"known": Price(input=1, output=1)})
    assert prices.stale("known", date(2026, 4, 1)) is None
    assert "200 days old (2026-01-01)" in (prices.stale("known", date(2026, 7, 20)) or "")
    assert prices.stale("unknown", date(2026, 7, 20)) is None
    assert "no stated day" in (prices.model_copy(update={"as_of": None}).stale("known", date(2026, 7, 20)) or "")


def test_the_prompt_is_what_it_was() -> None:
    """Every word the model reads; a change here is a new prompt, and every grade is asked anew."""
    turns = (
        Turn(role=Role.CUSTOMER, text="Hello,\nmy card is blocked.", time=0),
        Turn(role=Role.BOT, text="One moment.", time=2),
        Turn(role=Role.AGENT, text="I can see it, Ms [NAME_1].", time=130, agent="a1"),
        Turn(role=Role.NOTE, text="passed on", time=140, agent="a1"),
        Turn(role=Role.AGENT, text="It is open again.", time=140 + 2 * 86400 + 3 * 3600, agent="a2"),
    )
    transcript = RedactedTranscript(source="s", id="i", channel="chat", language="en", turns=turns)
    parts = (PROMPT.constant(IDS), PROMPT.conversation(transcript), PROMPT.repair({"courtesy": "there is no quote"}))
    assert "\n\n=====\n\n".join(parts) + "\n" == Path(__file__).with_name("prompt.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["service_bar", "contact_centre"])
def test_every_rubric_of_the_project_makes_a_prompt_of_all_its_words(name: str) -> None:
    rubric = load_rubric(ROOT / f"rubrics/{name}.yaml")
    text = Prompt(rubric, PROMPTS, b"secret").constant(tuple(criterion.id for criterion in rubric.criteria))
    for criterion in rubric.criteria:
        for words in (criterion.asks, *criterion.levels.values(), *criterion.notes):
            assert words in text


def test_rubric_and_schema_fit_the_bound() -> None:
    rubric = load_rubric(ROOT / "rubrics/service_bar.yaml")
    ids = tuple(criterion.id for criterion in rubric.criteria)
    assert estimate_tokens(Prompt(rubric, PROMPTS, b"secret").constant(ids)) + schema_tokens(rubric, ids) <= CONSTANT_TOKENS


def test_examples_are_shown_as_far_as_the_bound_lets() -> None:
    assert 'Example of clears: "Anything else today?"' in PROMPT.constant(IDS)
    criteria = [
        criterion.model_copy(
            update={"examples": tuple(example.model_copy(update={"passage": "word " * 2000}) for example in criterion.examples)}
        )
        for criterion in RUBRIC.criteria
    ]
    crowded = RUBRIC.model_copy(update={"criteria": tuple(criteria)})
    assert "Example of" not in Prompt(crowded, PROMPTS, b"secret").constant(IDS)


def test_the_constant_part_is_the_same_for_every_conversation_and_project() -> None:
    assert Prompt(RUBRIC, PROMPTS, b"other").constant(IDS) == PROMPT.constant(IDS)


def test_gaps_are_shown_from_half_a_minute_up() -> None:
    text = PROMPT.conversation(make_transcript())
    assert "\n1A+45s: Thank you" in text
    assert "+" not in PROMPT.conversation(make_transcript(times=False))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u200bb\ufeffc\u202ed", "abcd"),
        ("a\tb\x00c", "a bc"),
        ("naïve café 👍 您好", "naïve café 👍 您好"),
        ("<|x|> <s> a<b", "< |x| > < s> a<b"),
    ],
)
def test_what_is_shown_has_no_invisible_signs_and_no_control_tokens(text: str, shown: str) -> None:
    assert show(text) == shown


def test_a_template_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"grade\.md\.j2"):
        Prompt(RUBRIC, tmp_path, b"secret")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("", 0, 0),
        ("Hello, how are you today?", 6, 8),
        ("internationalization", 2, 4),
        ("4471902", 3, 3),
        ("您好您好您好", 4, 7),
        ("word " * 100, 100, 100),
    ],
)
def test_tokens_are_estimated(text: str, low: int, high: int) -> None:
    assert low <= estimate_tokens(text) <= high


def test_prices_are_looked_up_by_the_longest_pattern_and_unknown_ones_are_none() -> None:
    prices = load_prices(PROMPTS / "prices.yaml")
    usage = Usage(calls=1, input_tokens=1_000_000, cached_tokens=500_000, output_tokens=1_000_000)
    mini, full = prices.of("gpt-4.1-mini-2025-04-14"), prices.of("gpt-4.1")
    assert mini is not None
    assert full is not None
    assert mini.input < full.input
    assert prices.cost("gpt-4.1-mini", usage) == pytest.approx(0.5 * mini.input + 0.5 * (mini.cached or 0) + mini.output)
    assert prices.cost("gpt-4.1-mini", usage, batch=True) == pytest.approx((prices.cost("gpt-4.1-mini", usage) or 0) / 2)
    assert prices.cost("llama-3", usage) is None
    assert load_prices(PROMPTS / "none.yaml") == Prices()


@pytest.mark.parametrize("text", ["models: [", "models: {m: {input: -1, output: 1}}", "models: {m: {input: 1}}", "nonsense: 1", "[]"])
def test_a_price_table_that_is_none_is_told_with_its_field(tmp_path: Path, text: str) -> None:
    (tmp_path / "prices.yaml").write_text(text)
    with pytest.raises(ProjectError, match=r"prices\.yaml"):
        load_prices(tmp_path / "prices.yaml")


def test_a_dry_run_tells_conversations_calls_tokens_and_money() -> None:
    batch = [make_transcript(f"talk {number}") for number in range(10)]
    told = estimate(batch, RUBRIC, LlmSettings(model="gpt-4o-mini"), prompt_folder=PROMPTS)
    assert (told.conversations, told.over_long) == (10, 0)
    assert told.calls == 10
    assert told.cost_usd is not None
    assert told.cost_usd > 0
    assert told.input_tokens > told.cached_tokens > 0
    votes = estimate(batch, RUBRIC, LlmSettings(model="gpt-4o-mini", votes=3, calls="each"), prompt_folder=PROMPTS)
    assert votes.calls == round(10 * 12 * 1.05)
    assert estimate(batch, RUBRIC, LlmSettings(model="llama"), prompt_folder=PROMPTS).cost_usd is None
    assert estimate([], RUBRIC, LlmSettings(model="gpt-4o-mini"), prompt_folder=PROMPTS).calls == 0
    huge = make_transcript(words=("word " * 40_000, "Hello."))
    assert estimate([huge], RUBRIC, LlmSettings(model="llama"), prompt_folder=PROMPTS).over_long == 1
