"""What the LLM grader costs beyond the model, and what it does when things go wrong, against the test server over HTTP.

    python benchmarks/llm.py [all | throughput faults kill prompt reread attacks flags drift …] [--json FILE]
    python benchmarks/llm.py peers --python PYTHON     # of an environment with benchmarks/requirements-peers.txt

The server (`tests/llm/server.py`) runs as a process of its own on the same machine; its answers take 400 ms. Conversations
are those of `evals/`, repeated under a number so that each text differs. All goes through a store on disk.
"""

import argparse
import asyncio
import json
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from llm_attacks import attacks, drift, flags
from llm_peers import peers
from llm_server import (
    IN_FLIGHT,
    LATENCY,
    ROOT,
    TIMEOUT,
    Server,
    conversations,
    cpu,
    grader,
    load,
    opened,
    rubric,
    running,
    settled,
    slices,
    wrong_levels,
)

from clearbar.grading.llm.prompt import Prompt, schema_tokens
from clearbar.grading.llm.tokens import estimate_tokens
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.run import audit_conversations
from clearbar.pipeline.steps import Threads
from clearbar.pipeline.workspace import open_workspace
from clearbar.project import find_project
from clearbar.settings import LlmSettings, load_settings
from clearbar.store import Store
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import UNGRADED, Grade, GradeFailure

SEED = 6
"""Of the server's faults; one at which every kind comes up among 200 conversations."""
FAULTS = {"429": 0.05, "500": 0.03, "malformed": 0.03, "hang": 0.01, "invented": 0.01}


def throughput(count: int = 2560, rounds: int = 3) -> dict[str, Any]:
    """Conversations a second and client CPU, beside a bare loop of the OpenAI client over the same transport and bodies.

    `graded and stored` is the grader with its store. `audit` is all of `clearbar audit` but the reports: read, redacted, graded by
    rules as well, stored. The bare loop runs before and after each, as other work on the machine comes and goes; what is told of
    several rounds is their median.
    """
    found = [_round(conversations(count, number * count)) for number in range(rounds)]
    told: dict[str, Any] = {
        "conversations": count, "rounds": rounds, "in_flight": IN_FLIGHT, "latency_ms": 1000 * LATENCY, "ideal_per_s": IN_FLIGHT / LATENCY,
        "graded": [one["graded"] for one in found], "cpu_ratios": [one["cpu_ratio"] for one in found],
        "cpu_ratio": statistics.median(one["cpu_ratio"] for one in found),
    }  # fmt: skip
    for name in ("bare create", "graded and stored", "bare create again", "audit"):
        told[name] = {key: statistics.median(one[name][key] for one in found) for key in ("per_s", "of_ideal", "cpu_ms", "server_cpu_ms")}
        told[name] |= {"of_ideal_by_round": [one[name]["of_ideal"] for one in found], "load": [one[name]["load"] for one in found]}
    told["audited"] = [{key: one["audit"][key] for key in ("graded", "fallbacks")} for one in found]
    return told


def _round(items: Sequence[RedactedTranscript]) -> dict[str, Any]:
    """Measure everything on some conversations, once."""
    told: dict[str, Any] = {}
    count = len(items)
    with running(latency=LATENCY) as server, tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "store.db") as store:
        with grader(server.root, store.ledger, timeout=30) as one:
            one.probe()
            one.grade(conversations(IN_FLIGHT, 1_000_000))  # connections, imports, templates
            bodies = [one.bodies(item)[0] for item in items]
            told["bare create"] = asyncio.run(_bare(server, bodies[: count // 2]))
            with _measured(told, "graded and stored", count, server):
                store.save_grades([result for result in one.grade(items) if isinstance(result, Grade)])
        told["bare create again"] = asyncio.run(_bare(server, bodies[count // 2 :]))
        told["graded"] = len(store.known_grades([one.key(item) for item in items]))
        told["audit"] = _audited(server, items, Path(folder))
    bare = (told["bare create"]["cpu_ms"] + told["bare create again"]["cpu_ms"]) / 2
    told["cpu_ratio"] = round(told["graded and stored"]["cpu_ms"] / bare, 2)
    return told


@contextmanager
def _measured(told: dict[str, Any], name: str, count: int, server: Server) -> Iterator[None]:
    """Write down what a piece of work takes."""
    before, began, used, served = load(), time.perf_counter(), cpu(), server.cpu()
    yield
    seconds = time.perf_counter() - began
    told[name] = {
        "per_s": round(count / seconds, 1),
        "of_ideal": round(count / seconds * LATENCY / IN_FLIGHT, 3),
        "cpu_ms": round(1000 * (cpu() - used) / count, 2),
        "server_cpu_ms": round(1000 * (server.cpu() - served) / count, 2),
        "load": [before, load()],
    }


async def _bare(server: Server, bodies: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Send bodies by `AsyncOpenAI.create` alone, over aiohttp."""
    import httpx2  # noqa: PLC0415 - as the grader does
    from openai import AsyncOpenAI, DefaultAioHttpClient  # noqa: PLC0415

    transport = DefaultAioHttpClient(limits=httpx2.Limits(max_connections=None))
    client = AsyncOpenAI(base_url=f"{server.root}/v1", api_key="none", max_retries=0, http_client=transport)
    slots = asyncio.Semaphore(IN_FLIGHT)

    async def one(body: dict[str, Any]) -> None:
        async with slots:
            reply = await client.chat.completions.create(**body)
            json.loads(reply.choices[0].message.content or "")

    await asyncio.gather(*(one(body) for body in bodies[:IN_FLIGHT]))
    told: dict[str, Any] = {}
    with _measured(told, "bare", len(bodies), server):
        await asyncio.gather(*(one(body) for body in bodies))
    await transport.aclose()
    found: dict[str, Any] = told["bare"]
    return found


def _audited(server: Server, items: Sequence[RedactedTranscript], folder: Path) -> dict[str, Any]:
    """Audit conversations from a file."""
    file = folder / "conversations.jsonl"
    lines = [
        {"id": item.id, "channel": item.channel, "turns": [{"role": turn.role.value, "text": turn.text} for turn in item.turns]}
        for item in items
    ]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    project = find_project(ROOT)
    llm = LlmSettings(model="test-model", base_url=f"{server.root}/v1", in_flight=IN_FLIGHT, timeout=30)
    settings = load_settings(project).model_copy(update={"state_dir": folder / "state", "llm": llm})
    told: dict[str, Any] = {}
    store = Store.open(folder / "audit.db")
    with open_workspace(project, settings, grader="llm", store=store, notice=lambda _: None) as space, Threads(at_once=4) as steps:
        space.rules.grade(items[:2])
        request = AuditRequest(sources=(str(file),), grader="llm")
        with _measured(told, "audit", len(items), server):
            pulled = audit_conversations(space, request, steps=steps, notice=lambda _: None, now=datetime.now(UTC))
        return {**told["audit"], "graded": pulled.counts.graded, "fallbacks": pulled.fallbacks}


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
            wrong = sum(map(wrong_levels, results, map(settled, meant, items)))
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


def kill(count: int = 600, times: int = 10) -> dict[str, Any]:
    """Count calls repaid and grades lost when the client is killed after a random number of replies and started again."""
    chance = random.Random(7)
    rounds = []
    for _ in range(times):
        with running(latency=LATENCY) as server, tempfile.TemporaryDirectory() as folder:
            moment = chance.uniform(0.1, 0.9) * count
            first = _child(server.root, folder, count)
            while _answered(server) < moment and first.poll() is None:
                time.sleep(0.01 * chance.random())
            first.send_signal(signal.SIGKILL)
            first.wait()
            answered = _answered(server)
            second = _child(server.root, folder, count)
            output, _ = second.communicate(timeout=120)
            paid = _answered(server)
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


def _answered(server: Server) -> int:
    return sum(server.stats()["answered"].values())


def _child(server: str, folder: str, count: int) -> "subprocess.Popen[str]":
    command = [sys.executable, __file__, "child", "--server", server, "--folder", folder, "--count", str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def child(server: str, folder: str, count: int) -> None:
    """Grade in a process that may be killed; what was graded before comes from the store."""
    items = conversations(count)
    with Store.open(Path(folder) / "store.db") as store, grader(server, store.ledger) as one:
        one.probe()
        began = time.perf_counter()
        for batch in slices(items, 256):
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
        with grader(server.root, store.ledger) as first:
            before = first.grade(items)
        paid = sum(server.stats()["answered"].values())
        with grader(server.root, store.ledger) as second:
            after = second.grade(items)
        return {"calls": paid, "calls_when_read_again": sum(server.stats()["answered"].values()) - paid, "same": before == after}


RUNS: dict[str, Callable[[], dict[str, Any]]] = {
    "throughput": throughput, "faults": faults, "kill": kill, "prompt": prompt, "reread": reread, "attacks": attacks, "flags": flags,
    "drift": drift,
}  # fmt: skip


def main() -> None:
    """Run what is named, or all."""
    parser = argparse.ArgumentParser(description="Measures the LLM grader against the test server.")
    parser.add_argument("names", nargs="*", choices=["all", *RUNS, "peers", "child", []])
    parser.add_argument("--python", default=sys.executable, help="with peers: the Python of an environment that holds them")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures here as well")
    parser.add_argument("--server", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.names == ["child"]:
        child(options.server, options.folder, options.count)
        return
    names = list(RUNS) if not options.names or "all" in options.names else options.names
    told: dict[str, Any] = {"at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"}
    for name in names:
        told[name] = peers(options.python) if name == "peers" else RUNS[name]()
        print(name)
        for key, value in told[name].items():
            print(f"  {key}: {json.dumps(value, ensure_ascii=False)}", flush=True)
        if options.json:
            options.json.write_text(json.dumps(told, indent=2, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
