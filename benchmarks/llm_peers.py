"""Peers against the same server: conversations a second, each as its manual says to grade many criteria at many in flight.

Run by `python benchmarks/llm.py peers --python PYTHON`; this file is also what runs under that other Python, where clearbar
is not installed, so that it imports nothing of it. A peer that is not there is left out, and said so.
"""

import argparse
import asyncio
import importlib.metadata
import json
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

__all__ = ["peers"]

IN_FLIGHT = 64
LATENCY = 0.4
Item = dict[str, Any]
"""The body of a request of ours, or a criterion."""
Work = Callable[[], Coroutine[Any, Any, int]]
"""Grades all conversations and returns of how many every verdict came back."""


def peers(python: str, count: int = 640) -> dict[str, Any]:
    """Return figures of each peer that an environment holds; a conversation is done when each criterion has its verdict.

    Start-up is not counted, imports and the first connections are; those with a call for each criterion get fewer conversations.
    """
    from llm_server import conversations, grader, load, rubric, running  # noqa: PLC0415 - not there where peers run

    from clearbar.grading.llm import MemoryLedger  # noqa: PLC0415

    told: dict[str, Any] = {"conversations": count, "in_flight": IN_FLIGHT, "latency_ms": 1000 * LATENCY}
    with running(latency=LATENCY) as server, tempfile.TemporaryDirectory() as folder:
        with grader(server.root, MemoryLedger()) as one:
            bodies = [one.bodies(item)[0] for item in conversations(count)]
        criteria = [{"id": one.id, "asks": one.asks} for one in rubric().criteria]
        file = Path(folder) / "items.json"
        file.write_text(json.dumps({"bodies": bodies, "criteria": criteria}), encoding="utf-8")
        for name in PEERS:
            command = [python, __file__, name, "--server", server.root, "--items", str(file)]
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600, cwd=folder)
            lines = done.stdout.strip().splitlines()
            told[name] = json.loads(lines[-1]) if done.returncode == 0 and lines else {"failed": done.stderr.strip()[-300:]}
            told[name]["load"] = load()
    return told


def langchain(server: str, bodies: Sequence[Item], criteria: Sequence[Item]) -> Work:
    """Return `abatch` of a chat model with structured output, one call for all criteria."""
    del criteria
    from langchain_openai import ChatOpenAI  # noqa: PLC0415

    schema = bodies[0]["response_format"]["json_schema"]["schema"]
    model = ChatOpenAI(model="test-model", base_url=f"{server}/v1", api_key="none", temperature=0, max_retries=2)
    chain = model.with_structured_output({"title": "grade", **schema}, method="json_schema", strict=True)

    async def work() -> int:
        replies = await chain.abatch([body["messages"] for body in bodies], config={"max_concurrency": IN_FLIGHT})
        return sum(bool(reply["verdicts"]) for reply in replies)

    return work


def autorubric(server: str, bodies: Sequence[Item], criteria: Sequence[Item]) -> Work:
    """Return a rubric grader with one call for each criterion, which is its only way."""
    from autorubric import LLMConfig, Rubric  # noqa: PLC0415
    from autorubric.graders import CriterionGrader  # noqa: PLC0415

    config = LLMConfig(
        model="openai/test-model", api_base=f"{server}/v1", api_key="none", max_parallel_requests=IN_FLIGHT, cache_enabled=False
    )
    grader = CriterionGrader(judge_model_config=config)
    rubric = Rubric.from_dict([{"weight": 1.0, "requirement": one["asks"]} for one in criteria])

    async def work() -> int:
        reports = await asyncio.gather(*(rubric.grade(to_grade=_words(body), grader=grader) for body in bodies))
        return sum(report.score is not None for report in reports)

    return work


def inspect_ai(server: str, bodies: Sequence[Item], criteria: Sequence[Item]) -> Work:
    """Return an evaluation whose scorer asks once for all criteria, with our own prompt."""
    del criteria
    from inspect_ai import Task, eval_async  # noqa: PLC0415
    from inspect_ai.dataset import MemoryDataset, Sample  # noqa: PLC0415
    from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig, get_model  # noqa: PLC0415
    from inspect_ai.scorer import Score, accuracy, scorer  # noqa: PLC0415

    config = GenerateConfig(max_connections=IN_FLIGHT, temperature=0, extra_body={"response_format": bodies[0]["response_format"]})
    model = get_model("openai/test-model", base_url=f"{server}/v1", api_key="none", config=config, responses_api=False)

    @scorer(metrics=[accuracy()])  # type: ignore[untyped-decorator,unused-ignore]
    def verdicts() -> Any:
        async def score(state: Any, target: Any) -> Any:
            del target
            system, user = (message["content"] for message in state.metadata["messages"])
            reply = await model.generate([ChatMessageSystem(content=system), ChatMessageUser(content=user)])
            return Score(value=float(bool(json.loads(reply.completion)["verdicts"])))

        return score

    async def nothing(state: Any, generate: Any) -> Any:
        del generate
        return state

    samples = [Sample(input=_words(body), metadata={"messages": body["messages"]}) for body in bodies]

    async def work() -> int:
        from inspect_ai.solver import solver  # noqa: PLC0415

        task = Task(dataset=MemoryDataset(samples), solver=solver(lambda: nothing)(), scorer=verdicts())
        [log] = await eval_async(task, model=model, max_samples=2 * IN_FLIGHT, log_level="error")
        return sum(bool(sample.scores) for sample in log.samples or ())

    return work


def deepeval(server: str, bodies: Sequence[Item], criteria: Sequence[Item]) -> Work:
    """Return GEval with one metric for each criterion, evaluation steps given, through its own `evaluate`."""
    from deepeval import evaluate  # noqa: PLC0415
    from deepeval.evaluate import AsyncConfig, CacheConfig, DisplayConfig, ErrorConfig  # noqa: PLC0415
    from deepeval.metrics import GEval  # noqa: PLC0415
    from deepeval.models import LocalModel  # noqa: PLC0415
    from deepeval.test_case import LLMTestCase  # noqa: PLC0415

    try:
        from deepeval.test_case import SingleTurnParams as Params  # noqa: PLC0415
    except ImportError:
        from deepeval.test_case import LLMTestCaseParams as Params  # noqa: PLC0415
    model = LocalModel(model="test-model", base_url=f"{server}/v1", api_key="none")
    metrics = [
        GEval(name=one["id"], evaluation_steps=[one["asks"]], evaluation_params=[Params.ACTUAL_OUTPUT], model=model) for one in criteria
    ]
    cases = [LLMTestCase(input="a conversation", actual_output=_words(body)) for body in bodies]

    async def work() -> int:
        found = await asyncio.to_thread(
            evaluate,
            cases,
            metrics,
            async_config=AsyncConfig(run_async=True, max_concurrent=IN_FLIGHT),
            cache_config=CacheConfig(write_cache=False),
            display_config=DisplayConfig(show_indicator=False, print_results=False),
            error_config=ErrorConfig(ignore_errors=True),
        )
        return sum(all(one.score is not None for one in result.metrics_data) for result in found.test_results)

    return work


def _words(body: Item) -> str:
    """Return the conversation without our frame around it."""
    text: str = body["messages"][1]["content"]
    return text


PEERS: dict[str, tuple[str, Callable[[str, Sequence[Item], Sequence[Item]], Work], int]] = {
    "langchain abatch": ("langchain-openai", langchain, 640),
    "Inspect AI custom scorer": ("inspect-ai", inspect_ai, 640),
    "autorubric": ("autorubric", autorubric, 128),
    "DeepEval GEval": ("deepeval", deepeval, 24),
}
"""By name: package, what makes the work, and conversations, fewer where each takes a call for every criterion."""


def main() -> None:
    """Measure one peer under this Python and print one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=list(PEERS))
    parser.add_argument("--server", required=True)
    parser.add_argument("--items", required=True, type=Path)
    options = parser.parse_args()
    package, make, count = PEERS[options.name]
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        print(json.dumps({"absent": f"{package} is not installed"}))
        return
    for name in ("DEEPEVAL_TELEMETRY_OPT_OUT", "DO_NOT_TRACK"):
        os.environ[name] = "YES"
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    given = json.loads(options.items.read_text(encoding="utf-8"))
    bodies = given["bodies"][:count]
    work = make(options.server, bodies, given["criteria"])
    began, used = time.perf_counter(), _cpu()
    complete = asyncio.run(work())
    seconds = time.perf_counter() - began
    print(
        json.dumps({
            "version": f"{package} {version}", "conversations": len(bodies), "complete": complete, "per_s": round(len(bodies) / seconds, 1),
            "of_ideal": round(len(bodies) / seconds * LATENCY / IN_FLIGHT, 3), "cpu_ms": round(1000 * (_cpu() - used) / len(bodies), 2),
        })
    )  # fmt: skip


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
