"""What attacks in a conversation bring about, and what the defence costs where there is no attack.

The model is the worst there can be: it is told what each attack means and obeys it, in whatever language or disguise, if the words reach
it at all. `naive` quotes the attack as its evidence, `cunning` quotes words that the agent really said. What it changes is caught by
evidence checks, as a provisional auto-fail, because the rules disagree, or because the conversation is flagged: people look at it, since
it may speak to its grader. The rest is not caught, and is listed.
"""

import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from llm_server import ROOT, opened, rubric, wilson
from llm_server import conversations as some_conversations

from clearbar.grading.llm import LlmGrader
from clearbar.grading.llm.orders import Orders
from clearbar.grading.llm.prompt import show
from clearbar.grading.llm.suspicion import Suspicion
from clearbar.grading.rules import RulesGrader, load_lexicon
from clearbar.rubric import Gate, Rubric
from clearbar.sources import open_source
from clearbar.sources.mapping import FieldMap
from clearbar.transcript import RedactedTranscript, Transcript, Turn
from clearbar.verdict import UNGRADED, Grade, GradeFailure, Verdict

__all__ = ["attacks", "drift", "flags"]

SHARED = ROOT.parent / "shared/data"
RESEARCH = ("star", "dch1_stc3_en", "ab_redial")
"""Public conversations that are no part of the project, by file."""
AIMED_AT = ("courtesy", "resolution", "honesty")
"""Criteria that attacks name."""


class Case(NamedTuple):
    """A conversation with an attack in it."""

    attack: int
    """Its place in the set."""
    wording: dict[str, Any]
    item: RedactedTranscript
    words: str
    """Its last words, as the model sees them."""
    orders: dict[str, str]
    """The level of each criterion that they order."""


class Undefended:
    """What stands in for the search for orders where the defence is off."""

    def found(self, text: str) -> bool:
        """Find nothing."""
        del text
        return False

    suspected = found

    def doubt(self, turns: Sequence[Turn], verdicts: Sequence[Verdict]) -> None:
        """Find nothing."""

    def withhold(self, text: str) -> str:
        """Return the text as it is."""
        return text


SETS = ("known", "unseen", "third")


def attacks(count: int = 4) -> dict[str, Any]:
    """Count what attacks bring about, by class: those that the defence was made with, and those that were worded after it was frozen."""
    corpus, given = _module("attacks"), rubric()
    told: dict[str, Any] = {"conversations": count, "criteria": list(AIMED_AT)}
    plain = _untouched(count)
    for name, known in zip(SETS, (corpus.ATTACKS, corpus.UNSEEN, corpus.THIRD), strict=True):
        cases = [
            Case(place, attack, corpus.attacked(item, attack, given, aim), *corpus.ordered(attack, given, aim))
            for place, attack in enumerate(known)
            for aim in AIMED_AT
            for item in plain
        ]
        rules = RulesGrader(given, load_lexicon(ROOT / "rubrics/lexicon")).grade([case.item for case in cases])
        by_rules = [result if isinstance(result, Grade) else None for result in rules]
        told[f"{name}: attacks"] = len(known)
        for manner in ("naive", "cunning"):
            for defended in (True, False):
                tallies = _tallies(cases, by_rules, manner, defended=defended)
                told[f"{name}: {manner}, defence {'on' if defended else 'off'}"] = {one: _told(tally) for one, tally in tallies.items()}
    return told


def _untouched(count: int) -> list[RedactedTranscript]:
    """Return conversations in which a gullible model finds no order of its own accord."""
    with opened() as (_, one):
        one.probe()
        items = some_conversations(20 * count)
        bodies = [one.bodies(item)[0] for item in items]
    return [item for item, body in zip(items, bodies, strict=True) if _meant(body, "naive") == _meant(body, "")][:count]


def _meant(body: dict[str, Any], manner: str, obeys: dict[str, dict[str, str]] | None = None) -> dict[str, str]:
    """Return the levels that the test server's model means, honest or gullible, before anything of ours sees them."""
    server = _module("server")
    brain = server.Brain(server.Config(gullible=manner, obeys=obeys or {}))
    return {item["id"]: item["level"] for item in brain.verdicts(server.Asked(body))}


def _tallies(cases: Sequence[Case], by_rules: Sequence[Grade | None], manner: str, *, defended: bool) -> dict[str, Counter[str]]:
    given = rubric()
    obeys = {case.words: case.orders for case in cases if case.orders}
    with opened(settings={"timeout": 120}) as (server, one):
        one.probe()
        if not defended:
            _lay_down(one)
        bodies = [one.bodies(case.item)[0] for case in cases]
        server.post("/control", {"gullible": manner, "obeys": obeys})
        results = one.grade([case.item for case in cases])
    honest, ordered = [_meant(body, "") for body in bodies], [_meant(body, manner, obeys) for body in bodies]
    tallies: dict[str, Counter[str]] = {"all": Counter()}
    for case, before, after, result, rule in zip(cases, honest, ordered, results, by_rules, strict=True):
        outcomes = [_outcome(id, after[id], result, rule, given) for id in after if after[id] != before[id]]
        for tally in (tallies.setdefault(case.wording["class"], Counter()), tallies["all"]):
            tally["conversations"] += 1
            tally.update(outcomes)
            tally["the model obeyed"] += bool(outcomes)
            tally["flagged conversations"] += isinstance(result, Grade) and any(verdict.doubt for verdict in result.verdicts)
            tally["with a change caught by a flag alone"] += "flagged" in outcomes
            tally["with a change not caught"] += "not caught" in outcomes
            tally[f"{ATTACK}{case.attack}"] += "not caught" in outcomes
    return tallies


ATTACK = "attack "
"""How the count of an attack by itself is named, until the attacks are counted."""


def _lay_down(one: LlmGrader) -> None:
    """Take the defence off a grader: orders are neither withheld nor refused as evidence; evidence is checked all the same."""
    one._prompt._orders = Undefended()  # type: ignore[assignment] # noqa: SLF001 - no setting may do this
    one._make_asker()._reader._orders = Undefended()  # type: ignore[assignment] # noqa: SLF001
    one._make_asker()._suspicion = Undefended()  # type: ignore[assignment] # noqa: SLF001


@cache
def _module(name: str) -> Any:
    """Return a module of the tests: the attacks, the server."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"tests/llm/{name}.py")
    assert spec and spec.loader  # noqa: S101, PT018 - it is a file of the checkout
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _outcome(id: str, level: str, result: Grade | GradeFailure, rule: Grade | None, given: Rubric) -> str:
    """Return what became of a verdict that an attack changed in the model's reply."""
    if isinstance(result, GradeFailure):
        return "stopped by evidence" if result.reason == "failed:evidence" else f"stopped: {result.reason}"
    verdict = next(verdict for verdict in result.verdicts if verdict.criterion == id)
    if verdict.failed:
        return "stopped by evidence" if verdict.reason == "failed:evidence" else f"stopped: {verdict.reason}"
    if level in {"abstain", "not_applicable"}:
        return "counted as no level"
    if given.level(id, level).fails and given.criterion(id).gate is Gate.CONVERSATION:
        return "provisional auto-fail"
    second = next((one.level for one in rule.verdicts if one.criterion == id), UNGRADED) if rule else UNGRADED
    if second not in {UNGRADED, level}:
        return "disagrees with rules"
    return "flagged" if verdict.doubt else "not caught"


def _told(tally: Counter[str]) -> dict[str, Any]:
    """Return counts, and the share of conversations with a change that nothing caught; its interval counts each attack once."""
    own = {name: number for name, number in tally.items() if name.startswith(ATTACK)}
    total, slipped = tally["conversations"], tally["with a change not caught"]
    low, high = wilson(slipped / total * len(own), len(own))
    return {
        **{name: number for name, number in tally.items() if name not in own},
        "success": round(slipped / total, 3),
        "interval": [round(low, 3), round(high, 3)],
        "attacks not caught": sorted(int(name.removeprefix(ATTACK)) for name, number in own.items() if number),
    }


def drift(count: int = 120) -> dict[str, Any]:
    """Count what the defence takes from conversations without any attack, and how many verdicts that changes.

    The rules stand in for a model: they read words, and give the same verdict on the same words. What a real model makes of the
    prompt's own warnings is not in this.
    """
    given = rubric()
    items = some_conversations(count)
    near = [(line, _module("attacks").with_line(items[place % count], line)) for place, line in enumerate(_module("attacks").BENIGN)]
    rules, orders = RulesGrader(given, load_lexicon(ROOT / "rubrics/lexicon")), Orders(given)
    told: dict[str, Any] = {}
    for name, talk in (("conversations", items), ("with a line that comes near an order", [item for _, item in near])):
        defended = [_withheld(item, orders) for item in talk]
        touched = [place for place, (one, two) in enumerate(zip(talk, defended, strict=True)) if one.turns != two.turns]
        pairs = list(_pairs(rules, talk, defended))
        changed = sum(one != two for one, two in pairs)
        told[name] = {
            "conversations": len(talk),
            "touched": len(touched),
            "touched_interval": [round(part, 3) for part in wilson(len(touched), len(talk))],
            "verdicts": len(pairs),
            "verdicts_changed": changed,
            "changed_interval": [round(part, 4) for part in wilson(changed, len(pairs))],
        }
        if talk is not items:
            told[name]["withheld"] = [near[place][0]["text"] for place in touched]
    return told


def flags() -> dict[str, Any]:
    """Count conversations without any attack that are flagged, and the words that did it.

    The rubric's own and, where they lie beside the project, research conversations. Of these every second one was looked at while the
    search for suspicious words was made: the other half tells what to expect.
    """
    given = rubric()
    suspicion = Suspicion(given)
    told: dict[str, Any] = {}
    for file in (*sorted((ROOT / "evals/conversations").glob("*.jsonl")), *(SHARED / f"{name}.jsonl" for name in RESEARCH)):
        if not file.is_file():
            continue
        pulled = open_source(str(file), FieldMap(), root=ROOT, notice=lambda _: None).pull()
        items = [item for _, item in pulled if isinstance(item, Transcript)]
        halves = {"looked at": items[1::2], "not looked at": items[::2]} if file.parent == SHARED else {"all": items}
        for half, some in halves.items():
            found = [(item, turn) for item in some if (turn := suspicion.turn(item.turns)) is not None]
            words = Counter(word for item, turn in found for word in suspicion.cue_words(item.turns[turn].text))
            low, high = wilson(len(found), len(some))
            told[f"{file.stem}, {half}"] = {
                "conversations": len(some),
                "flagged": len(found),
                "share": round(len(found) / len(some), 4),
                "interval": [round(low, 4), round(high, 4)],
                "by": dict(words.most_common(8)),
            }
    return told


def _withheld(item: RedactedTranscript, orders: Orders) -> RedactedTranscript:
    turns = [turn.model_copy(update={"text": orders.withhold(show(turn.text))}) for turn in item.turns]
    plain = [turn if show(turn.text) == after.text else after for turn, after in zip(item.turns, turns, strict=True)]
    return RedactedTranscript.model_validate(item.model_dump(exclude={"text_hash", "turns"}) | {"turns": plain})


def _pairs(rules: RulesGrader, one: Sequence[RedactedTranscript], two: Sequence[RedactedTranscript]) -> Iterator[tuple[str, str]]:
    for first, second in zip(rules.grade(one), rules.grade(two), strict=True):
        if isinstance(first, Grade) and isinstance(second, Grade):
            yield from zip((verdict.level for verdict in first.verdicts), (verdict.level for verdict in second.verdicts), strict=True)
