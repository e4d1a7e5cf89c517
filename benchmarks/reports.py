"""How much memory and time reports take over a store of N conversations with 15 verdicts each.

    python benchmarks/reports.py [N]          # 50,000 by default

The store is synthetic: 12 turns a conversation, nine teams, 45 agents, levels at random, a quote and a remark with every verdict.
Each figure is that of a process of its own; the peak is what the system says was resident at most.
"""

import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clearbar.pipeline.reporting import ReportRequest, run_report
from clearbar.project import find_project
from clearbar.rubric import Rubric
from clearbar.rubric_file import open_rubric
from clearbar.settings import load_settings
from clearbar.store import Item, Outcome, Store
from clearbar.transcript import RedactedTranscript, Role, Turn
from clearbar.verdict import Evidence, GradedBy, Verdict

CONVERSATIONS, TURNS, BATCH, TEAMS, AGENTS = 50_000, 12, 512, 9, 45
START = datetime(2026, 1, 1, tzinfo=UTC)
REMARK = "The agent says what happens next and by when, in words that can be checked."


def made_item(number: int, rubric: Rubric, chance: random.Random) -> Item:
    """Return one graded conversation."""
    agent = f"agent-{number % AGENTS:02}"
    turns = tuple(
        Turn(
            role=Role.AGENT if place % 2 else Role.CUSTOMER,
            text=f"turn {place} of {number}: " + "words and words " * 4,
            time=30.0 * place,
            agent=agent if place % 2 else None,
        )
        for place in range(TURNS)
    )
    transcript = RedactedTranscript(
        source="bench", id=f"c{number}", turns=turns, team=f"team-{number % TEAMS}", channel="chat",
        started_at=START + timedelta(minutes=number),
    )  # fmt: skip
    verdicts = tuple(_verdict(item.id, rubric, turns, chance) for item in rubric.criteria)
    return Item(source="bench", place=str(number), outcome=Outcome.GRADED, transcript=transcript, verdicts=verdicts)


def _verdict(criterion: str, rubric: Rubric, turns: tuple[Turn, ...], chance: random.Random) -> Verdict:
    place = chance.randrange(1, TURNS, 2)
    return Verdict(
        criterion=criterion,
        level=chance.choice(rubric.scale_of(criterion).ids),
        graded_by=GradedBy.RULES,
        grader="rules:bench",
        rationale=REMARK,
        evidence=(Evidence(turn=place, start=0, end=40, quote=turns[place].text[:40]),),
    )


def fill(file: Path, number: int) -> None:
    """Make the store."""
    chance, rubric = random.Random(0), open_rubric("service_bar", find_project())
    with Store.open(file) as store:
        run = store.start_run(asked="rules", rubric=rubric)
        for first in range(0, number, BATCH):
            store.save_batch(run, [made_item(each, rubric, chance) for each in range(first, min(first + BATCH, number))])
        store.finish_run(run.id)


def report(file: Path) -> None:
    """Make the reports and print seconds and peak."""
    project = find_project()
    settings = load_settings(project).model_copy(update={"store_url": None})
    settings = type(settings).model_validate({**settings.model_dump(), "store_url": f"sqlite:///{file}"})
    started = time.perf_counter()
    made = run_report(project, settings, ReportRequest(out=file.parent / "reports"))
    seconds, peak = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{made.conversations:,} conversations in {len(made.teams)} teams: {seconds:.0f} s, peak {peak:,.0f} MB")


def main() -> None:
    """Measure, each step in a process of its own."""
    if len(sys.argv) > 2:
        file = Path(sys.argv[2])
        fill(file, int(sys.argv[3])) if sys.argv[1] == "fill" else report(file)
        return
    number = sys.argv[1] if len(sys.argv) > 1 else str(CONVERSATIONS)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.db"
        for step in ("fill", "report"):
            subprocess.run([sys.executable, __file__, step, str(file), number], check=True)


if __name__ == "__main__":
    main()
