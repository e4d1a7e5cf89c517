"""What the LLM grader costs beyond the model, and what it does when things go wrong, against the test server over HTTP.

    python benchmarks/llm.py [throughput faults kill prompt reread ...] [--json]

The server (`tests/llm/server.py`) runs as a process of its own on the same machine; its answers take 400 ms. Conversations
are those of `evals/`, repeated under a number so that each text differs. All goes through a store on disk.
"""

import argparse
import asyncio
import contextlib
import importlib.util
import json
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from clearbar.grading.llm import LlmGrader
from clearbar.grading.llm.prompt import Prompt, schema_tokens
from clearbar.grading.llm.tokens import estimate_tokens
from clearbar.grading.rules import RulesGrader, load_lexicon
from clearbar.rubric import Gate, Rubric
from clearbar.rubric_file import load_rubric
from clearbar.settings import LlmSettings
from clearbar.sources import open_source
from clearbar.sources.mapping import FieldMap
from clearbar.store import Store
from clearbar.transcript import RedactedTranscript, Role, Transcript
from clearbar.verdict import UNGRADED, Grade, GradeFailure

ROOT = Path(__file__).parents[1]
AIMED_AT = ("courtesy", "resolution", "honesty")
"""Criteria that attacks name."""
IN_FLIGHT = 64
LATENCY = 0.4
TIMEOUT = 5.0
SEED = 6
"""Of the server's faults; one at which every kind comes up among 200 conversations."""
FAULTS = {"429": 0.05, "500": 0.03, "malformed": 0.03, "hang": 0.01, "invented": 0.01}


class Server:
    """The test server as a process."""

    def __init__(self, **config: object) -> None:
        command = [sys.executable, str(ROOT / "tests/llm/server.py"), "--config", json.dumps(config)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout  # noqa: S101 - asked for above
        self.root = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def post(self, path: str, body: object) -> Any:
        """Return the reply to a JSON request."""
        request = urllib.request.Request(f"{self.root}{path}", json.dumps(body).encode())  # noqa: S310
        with urllib.request.urlopen(request) as reply:  # noqa: S310
            return json.load(reply)

    def stats(self) -> Any:
        """Return what was asked."""
        with urllib.request.urlopen(f"{self.root}/stats") as reply:  # noqa: S310
            return json.load(reply)

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def running(**config: object) -> Iterator[Server]:
    """Run a server."""
    server = Server(**config)
    try:
        yield server
    finally:
        server.close()


def conversations(count: int) -> list[RedactedTranscript]:
    """Return conversations of `evals/`, as often as needed, each text its own."""
    source = open_source(str(ROOT / "evals/conversations"), FieldMap(), root=ROOT, notice=lambda _: None)
    read = [item for _, item in source.pull() if isinstance(item, Transcript)]
    made = []
    for number in range(count):
        one = read[number % len(read)]
        first = one.turns[0].model_copy(update={"text": f"{one.turns[0].text} ({number})"})
        made.append(
            RedactedTranscript.model_validate(
                one.model_dump(exclude={"replaced", "turns", "id"}) | {"id": f"{one.id}-{number}", "turns": (first, *one.turns[1:])}
            )
        )
    return made


def rubric() -> Rubric:
    """Return the rubric that ships."""
    return load_rubric(ROOT / "rubrics/service_bar.yaml")


def grader(server: str, store: Store, **settings: Any) -> LlmGrader:
    """Return a grader on a server and a store."""
    given = LlmSettings(**({"model": "test-model", "base_url": f"{server}/v1", "in_flight": IN_FLIGHT, "timeout": TIMEOUT} | settings))
    return LlmGrader(rubric(), given, secret=b"benchmark", ledger=store.ledger, prompt_folder=ROOT / "prompts")


@contextlib.contextmanager
def opened(*, settings: dict[str, Any] | None = None, **config: object) -> Iterator[tuple[Server, LlmGrader]]:
    """Run a server and a grader on a store of its own."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running(**config))
        store = stack.enter_context(Store.open(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "store.db"))
        yield server, stack.enter_context(grader(server.root, store, **(settings or {})))


def cpu() -> float:
    """Return the seconds of processor time that this process has used, all threads together."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def throughput(count: int = 1280) -> dict[str, Any]:
    """Conversations a second and client CPU, beside a bare loop of the OpenAI client over the same transport and bodies."""
    told: dict[str, Any] = {
        "conversations": count,
        "in_flight": IN_FLIGHT,
        "latency_ms": 1000 * LATENCY,
        "ideal_per_s": IN_FLIGHT / LATENCY,
    }
    with running(latency=LATENCY) as server, tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "store.db") as store:
        items = conversations(count)
        with grader(server.root, store) as one:
            one.probe()
            one.grade(conversations(IN_FLIGHT + 1)[-IN_FLIGHT:])  # connections, imports, templates
            bodies = [one.bodies(item)[0] for item in items]
            for name, batches in (("one batch", [items]), ("batches of 256", _batches(conversations(2 * count)[count:], 256))):
                began, used = time.perf_counter(), cpu()
                done = 0
                for batch in batches:
                    results = one.grade(batch)
                    store.save_grades([result for result in results if isinstance(result, Grade)])
                    done += sum(isinstance(result, Grade) for result in results)
                seconds = time.perf_counter() - began
                told[name] = {
                    "graded": done,
                    "per_s": round(done / seconds, 1),
                    "of_ideal": round(done / seconds * LATENCY / IN_FLIGHT, 3),
                    "cpu_ms": round(1000 * (cpu() - used) / done, 2),
                }
        told["bare create"] = asyncio.run(_bare(server.root, bodies))
        told["cpu ratio"] = round(told["one batch"]["cpu_ms"] / told["bare create"]["cpu_ms"], 2)
    return told


def _batches(items: Sequence[RedactedTranscript], size: int) -> list[Sequence[RedactedTranscript]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


async def _bare(server: str, bodies: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Send the same bodies by `AsyncOpenAI.create` alone, over aiohttp."""
    import httpx2  # noqa: PLC0415 - as the grader does
    from openai import AsyncOpenAI, DefaultAioHttpClient  # noqa: PLC0415

    transport = DefaultAioHttpClient(limits=httpx2.Limits(max_connections=None))
    client = AsyncOpenAI(base_url=f"{server}/v1", api_key="none", max_retries=0, http_client=transport)
    slots = asyncio.Semaphore(IN_FLIGHT)

    async def one(body: dict[str, Any]) -> None:
        async with slots:
            reply = await client.chat.completions.create(**body)
            json.loads(reply.choices[0].message.content or "")

    await asyncio.gather(*(one(body) for body in bodies[:IN_FLIGHT]))
    began, used = time.perf_counter(), cpu()
    await asyncio.gather(*(one(body) for body in bodies))
    seconds, spent = time.perf_counter() - began, cpu() - used
    await transport.aclose()
    return {
        "per_s": round(len(bodies) / seconds, 1),
        "of_ideal": round(len(bodies) / seconds * LATENCY / IN_FLIGHT, 3),
        "cpu_ms": round(1000 * spent / len(bodies), 2),
    }


def faults(count: int = 200) -> dict[str, Any]:
    """Complete audits, wrong levels and time, with a share of faults of every kind."""
    told: dict[str, Any] = {"conversations": count, "faults": FAULTS, "timeout_s": TIMEOUT}
    items = conversations(count)
    for name, chances in (("faultless", {}), ("faulty", FAULTS)):
        with opened(latency=LATENCY, seed=SEED, faults=chances) as (server, one):
            one.probe()
            began = time.perf_counter()
            results = one.grade(items)
            seconds = time.perf_counter() - began
            meant = [server.post("/expected", one.bodies(item)[0]) for item in items]
            wrong = sum(map(_wrong, results, map(_settled, meant, items)))
            reasons = Counter(
                verdict.reason
                for result in results
                if isinstance(result, Grade)
                for verdict in result.verdicts
                if verdict.level == UNGRADED and verdict.reason != "abstained"
            )
            told[name] = {
                "complete": sum(isinstance(result, Grade) for result in results),
                "failed": Counter(result.reason for result in results if isinstance(result, GradeFailure)),
                "verdicts_failed": reasons,
                "wrong_levels": wrong,
                "seconds": round(seconds, 2),
                "served": server.stats()["faults"],
            }
    told["slower_by_timeouts"] = round((told["faulty"]["seconds"] - told["faultless"]["seconds"]) / TIMEOUT, 2)
    return told


def _settled(meant: dict[str, str], item: RedactedTranscript) -> dict[str, str]:
    """Return the levels that a model meant, with those that the rubric decides by counting turns."""
    spoken = sum(turn.role is Role.AGENT for turn in item.turns)
    few = {one.id for one in rubric().criteria if (one.applies.min_agent_turns or 0) > spoken}
    return meant | dict.fromkeys(few & set(meant), "not_applicable")


def _wrong(result: Grade | GradeFailure, meant: dict[str, str]) -> int:
    """Return how many levels differ from what the model meant; a failure is no level."""
    if isinstance(result, GradeFailure):
        return 0
    said = {
        verdict.criterion: "abstain" if verdict.reason == "abstained" else verdict.level
        for verdict in result.verdicts
        if not verdict.failed
    }
    return sum(level != meant[id] for id, level in said.items())


def kill(count: int = 600, times: int = 10) -> dict[str, Any]:
    """Count calls repaid and grades lost when the client is killed at random moments and started again."""
    chance = random.Random(7)
    rounds = []
    for _ in range(times):
        with running(latency=LATENCY) as server, tempfile.TemporaryDirectory() as folder:
            moment = chance.uniform(0.2, 0.8) * count * LATENCY / IN_FLIGHT
            first = _child(server.root, folder, count)
            assert first.stdout  # noqa: S101 - asked for
            first.stdout.readline()  # it says when the first conversation is about to be sent
            time.sleep(moment)
            first.send_signal(signal.SIGKILL)
            first.wait()
            answered = sum(server.stats()["answered"].values())
            second = _child(server.root, folder, count)
            output, _ = second.communicate(timeout=120)
            paid = sum(server.stats()["answered"].values())
            told = json.loads(output.splitlines()[-1])
            rounds.append({"at": answered, "repaid": paid - count, "graded": told["graded"], "seconds": told["seconds"]})
    return {
        "conversations": count,
        "in_flight": IN_FLIGHT,
        "killed_after_replies": [one["at"] for one in rounds],
        "repaid": [one["repaid"] for one in rounds],
        "most_repaid": max(one["repaid"] for one in rounds),
        "grades_lost": sum(count - one["graded"] for one in rounds),
        "resume_seconds": round(statistics.median(one["seconds"] for one in rounds), 1),
    }


def _child(server: str, folder: str, count: int) -> "subprocess.Popen[str]":
    command = [sys.executable, __file__, "child", "--server", server, "--folder", folder, "--count", str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def child(server: str, folder: str, count: int) -> None:
    """Grade in a process that may be killed; what was graded before comes from the store."""
    items = conversations(count)
    with Store.open(Path(folder) / "store.db") as store, grader(server, store) as one:
        one.probe()
        print("ready", flush=True)
        began = time.perf_counter()
        for batch in _batches(items, 256):
            known = store.known_grades([one.key(item) for item in batch])
            store.save_grades(
                [result for result in one.grade([item for item in batch if one.key(item) not in known]) if isinstance(result, Grade)]
            )
        graded = len(store.known_grades([one.key(item) for item in items]))
        print(json.dumps({"graded": graded, "seconds": round(time.perf_counter() - began, 2)}))


def prompt() -> dict[str, Any]:
    """Estimated tokens of the constant part, and what a conversation costs beside its own words."""
    given = rubric()
    made = Prompt(given, ROOT / "prompts", b"benchmark")
    ids = tuple(criterion.id for criterion in given.criteria)
    items = conversations(120)
    own = ["\n".join(turn.text for turn in item.turns) for item in items]
    sent = [made.conversation(item) for item in items]
    return {
        "constant_tokens": estimate_tokens(made.constant(ids)),
        "schema_tokens": schema_tokens(given, ids),
        "together": estimate_tokens(made.constant(ids)) + schema_tokens(given, ids),
        "conversation_over_own_text": {
            "characters": round(sum(map(len, sent)) / sum(map(len, own)), 3),
            "tokens": round(sum(map(estimate_tokens, sent)) / sum(map(estimate_tokens, own)), 3),
            "worst_conversation_characters": round(max(len(one) / len(two) for one, two in zip(sent, own, strict=True)), 3),
        },
    }


def reread(count: int = 60) -> dict[str, Any]:
    """Count the calls made when stored raw replies are read again by another process."""
    with running() as server, tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "store.db") as store:
        items = conversations(count)
        with grader(server.root, store) as first:
            before = first.grade(items)
        paid = sum(server.stats()["answered"].values())
        with grader(server.root, store) as second:
            after = second.grade(items)
        return {"calls": paid, "calls_when_read_again": sum(server.stats()["answered"].values()) - paid, "same": before == after}


def attacks(count: int = 6) -> dict[str, Any]:
    """Count what attacks in the text bring about with a model that obeys them, and what stops them, by class.

    The model is the worst there can be: it does whatever the conversation says. `naive` quotes the attack as its evidence,
    `cunning` quotes words that the agent really said. Benign conversations are graded by the same servers beside it.
    """
    corpus, given = _corpus(), rubric()
    rules = RulesGrader(given, load_lexicon(ROOT / "rubrics/lexicon"))
    told: dict[str, Any] = {"attacks": len(corpus.ATTACKS), "conversations": count, "criteria": list(AIMED_AT)}
    plain = conversations(count)
    cases = [
        (attack["class"], corpus.attacked(item, attack, given, aim)) for attack in corpus.ATTACKS for aim in AIMED_AT for item in plain
    ]
    by_rules = [result if isinstance(result, Grade) else None for result in rules.grade([item for _, item in cases])]
    for manner in ("naive", "cunning"):
        with opened() as (server, one):
            one.probe()
            honest = [server.post("/expected", one.bodies(item)[0]) for _, item in cases]
            server.post("/control", {"gullible": manner})
            ordered = [server.post("/expected", one.bodies(item)[0]) for _, item in cases]
            results = one.grade([item for _, item in cases])
            benign = sum(
                _wrong(result, _settled(server.post("/expected", one.bodies(item)[0]), item))
                for item, result in zip(plain, one.grade(plain), strict=True)
            )
        tallies: dict[str, Counter[str]] = {}
        for (name, _), before, after, result, rule in zip(cases, honest, ordered, results, by_rules, strict=True):
            tally = tallies.setdefault(name, Counter())
            tally["conversations"] += 1
            outcomes = [_outcome(id, after[id], result, rule, given) for id in after if after[id] != before[id]]
            tally.update(outcomes)
            tally["with a change not caught"] += "not caught" in outcomes
        told[manner] = {name: _told(tally) for name, tally in tallies.items()}
        told[f"{manner}: benign verdicts changed"] = benign
    return told


def _corpus() -> Any:
    """Return the module that holds the attacks; the tests use it too."""
    spec = importlib.util.spec_from_file_location("attacks", ROOT / "tests/llm/attacks.py")
    assert spec and spec.loader  # noqa: S101, PT018 - it is a file of the checkout
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _outcome(id: str, level: str, result: Grade | GradeFailure, rule: Grade | None, given: Rubric) -> str:
    """Return what became of a verdict that an attack changed in the model's reply."""
    if isinstance(result, GradeFailure):
        return "stopped by evidence"
    verdict = next(verdict for verdict in result.verdicts if verdict.criterion == id)
    if verdict.failed:
        return "stopped by evidence"
    if level in {"abstain", "not_applicable"}:
        return "counted as no level"
    if given.level(id, level).fails and given.criterion(id).gate is Gate.CONVERSATION:
        return "provisional auto-fail"
    second = next((one.level for one in rule.verdicts if one.criterion == id), UNGRADED) if rule else UNGRADED
    return "disagrees with rules" if second not in {UNGRADED, level} else "not caught"


def _told(tally: Counter[str]) -> dict[str, Any]:
    total, slipped = tally["conversations"], tally["with a change not caught"]
    low, high = _wilson(slipped, total)
    return {**tally, "success": round(slipped / total, 3), "interval": [round(low, 3), round(high, 3)]}


def _wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    share, square = hits / total, z * z
    centre, half = share + square / (2 * total), z * (share * (1 - share) / total + square / (4 * total * total)) ** 0.5
    return (centre - half) / (1 + square / total), (centre + half) / (1 + square / total)


RUNS: dict[str, Callable[[], dict[str, Any]]] = {
    "throughput": throughput, "faults": faults, "kill": kill, "prompt": prompt, "reread": reread, "attacks": attacks,
}  # fmt: skip


def main() -> None:
    """Run what is named, or all."""
    parser = argparse.ArgumentParser(description="Measures the LLM grader against the test server.")
    parser.add_argument("names", nargs="*", choices=[*RUNS, "child", []])
    parser.add_argument("--server", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    if options.names == ["child"]:
        child(options.server, options.folder, options.count)
        return
    told = {name: RUNS[name]() for name in options.names or RUNS}
    if options.json:
        print(json.dumps(told, indent=2))
        return
    for name, figures in told.items():
        print(name)
        for key, value in figures.items():
            print(f"  {key}: {json.dumps(value)}")


if __name__ == "__main__":
    main()
