"""Check a grader: grade labelled conversations, compare with the labels, keep the result for reports."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeGuard

import orjson

import clearbar
from clearbar.audit import assemble
from clearbar.check import CheckResult, Decision, GraderComparison, check, compare, load_thresholds
from clearbar.errors import LabelError, ProjectError, Rejection, RubricError, SourceError
from clearbar.grading import Grader
from clearbar.labelled import Resolved, resolve
from clearbar.labels_file import read_labels, read_provenance
from clearbar.model import Model, digest
from clearbar.pipeline.grading import grade_batch
from clearbar.pipeline.intake import Dropped, Room, Taken, batches, open_sources, pull
from clearbar.pipeline.labelled_set import CONVERSATIONS, LABELS, SPLIT, side_of_split
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.workspace import Workspace, open_store, open_workspace
from clearbar.project import Project, replace_file
from clearbar.report import Agreements
from clearbar.report.measured import agreements_of
from clearbar.settings import Settings
from clearbar.store import Outcome
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Audit, Grade, GradedBy

__all__ = ["CheckRequest", "Checked", "Measured", "hand_over", "measured", "run_check"]

THRESHOLDS: Final = "evals/thresholds.yaml"


class CheckRequest(Model):
    """Which grader is compared with which labels."""

    labels: tuple[str, ...] = ()
    """Label files, folders or globs; the project's own labelled set by default."""
    transcripts: tuple[str, ...] = ()
    """The conversations that they label; the project's own by default. Labels inside transcripts need none."""
    map: tuple[str, ...] = ()
    grader: Literal["auto", "rules", "llm", "cascade"] | None = None
    """Who is asked first, as in an audit; that of the settings by default."""
    model: str | None = None
    """The LLM; that of the settings by default."""
    rubric: str | None = None
    split: Literal["all", "dev", "test"] = "test"
    """Which side of the recorded split of the project's own labelled set; other labels are used whole."""


class Checked(Model):
    """What a check found."""

    grader: str
    labelled_set: str
    result: CheckResult
    graders: tuple[GraderComparison, ...] = ()
    """Rules, LLM and whoever labelled blind, beside one another."""
    notes: tuple[str, ...]
    rejected: tuple[Rejection, ...]

    @property
    def exit_code(self) -> int:
        """0 no criterion is `no_go` · 1 one is, or records were rejected."""
        return 0 if self.result.passed and not self.rejected else 1

    def as_json(self) -> dict[str, Any]:
        """Return what `clearbar check --json` prints."""
        graders = [item.model_dump(mode="json") for item in self.graders]
        return {**self.result.as_json(), "labelled_set": self.labelled_set, "graders": graders}

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a criterion, for a table."""
        return [
            {
                "criterion": id,
                "n": item.n,
                "kappa": item.kappa,
                "precision below": item.precision_below,
                "recall below": item.recall_below,
                "coverage": item.coverage,
                "decision": item.decision.value,
                "why": item.why,
            }
            for id, item in self.result.criteria.items()
        ]


@dataclass(frozen=True)
class Measured:
    """A check of one grader against the project's labelled set."""

    graded_by: GradedBy
    checked: Checked

    @property
    def agreements(self) -> Agreements:
        """What it tells a report."""
        return agreements_of(self.checked.result, self.graded_by, labelled_set=self.checked.labelled_set)


def run_check(project: Project, settings: Settings, request: CheckRequest, *, notice: Callable[[str], None]) -> Checked:
    """Grade labelled conversations and compare.

    Grades are kept in the store like any others, so that checking again pays nothing twice.

    Raises
    ------
    LabelError
        If no label can be read, or none belongs to a conversation.
    """
    store = open_store(project, settings)
    with open_workspace(
        project, settings, rubric=request.rubric, grader=request.grader, model=request.model, store=store, notice=notice
    ) as space:
        return check_with(space, request, notice=notice)


def check_with(space: Workspace, request: CheckRequest, *, notice: Callable[[str], None]) -> Checked:
    """Check the grader of an open workspace."""
    label_paths = request.labels or (str(space.project.path(LABELS)),)
    labels, rejected = read_labels(label_paths, notice)
    if not labels:
        raise LabelError(
            f"no label could be read from {', '.join(label_paths)}", fix="clearbar labels import --help says what a label file holds"
        )
    own = not request.labels
    side = side_of_split(space.project, request.split) if own else None
    if side is not None:
        labels = [label for label in labels if label.id in side]
    resolved = resolve(labels, space.rubric, read_provenance(label_paths))
    transcripts = request.transcripts or ((str(space.project.path(CONVERSATIONS)),) if own else tuple(request.labels))
    audits, by_grader, unread = _audits(space, resolved, AuditRequest(sources=transcripts, map=request.map), notice)
    if not audits:
        raise LabelError(
            "none of the labels belongs to a conversation that was read", fix="name the conversations with --transcripts PATH-OR-GLOB"
        )
    thresholds = load_thresholds(space.project.path(THRESHOLDS))
    looks = _look(space, request) if own and request.split != "dev" else None
    result = check(audits, resolved, space.rubric, thresholds, grader=space.first.fingerprint, looks=looks)
    checked = Checked(
        grader=space.asked,
        labelled_set=f"clearbar's own labelled set ({request.split} part)" if own else ", ".join(Path(path).name for path in label_paths),
        result=result,
        graders=compare(by_grader, resolved, space.rubric),
        notes=result.notes,
        rejected=(*rejected, *unread),
    )
    if own and request.split == "test" and not request.transcripts and not request.map:
        _keep(space, checked)
    return checked


def _audits(
    space: Workspace, resolved: Resolved, request: AuditRequest, notice: Callable[[str], None]
) -> tuple[list[Audit], dict[str, list[Audit]], list[Rejection]]:
    """Grade the labelled ones among the conversations; return their audits, and what each grader says by itself."""
    audits: list[Audit] = []
    by_grader: dict[str, list[Audit]] = {}
    unread: list[Rejection] = []
    for source in open_sources(space.project, space.settings, request, notice):
        records = pull(space.redactor, space.settings, source, request, after=None, now=datetime.now(UTC), room=Room(None))
        for batch in batches(records, space.settings.grading.batch):
            unread += [Rejection(where=item.place, reason=item.why, id=item.id) for item in batch if _rejected(item)]
            wanted = [item.transcript for item in batch if isinstance(item, Taken) and item.transcript.id in resolved.rulings]
            keys = [grader.key(one) for one in wanted for grader in {space.rules, space.first}]
            graded = grade_batch(space, wanted, space.store.known_grades(keys) if space.store else None)
            if space.store:
                space.store.save_grades([grade for item in graded for grade in item.fresh])
            audits += [assemble(item.transcript, space.rubric, item.verdicts, item.usage, with_text=True) for item in graded]
            alone: list[Grader] = [space.rules, *([space.llm] if space.llm else [])]
            for grader in alone:
                by_grader.setdefault(grader.graded_by.value, []).extend(_alone(space, grader, wanted))
    return audits, by_grader, unread


def _alone(space: Workspace, grader: Grader, transcripts: Sequence[RedactedTranscript]) -> list[Audit]:
    """Return what one grader by itself said, of the grades that there are; rules are asked where there are none."""
    by_key = {grader.key(one): one for one in transcripts}
    known = space.store.known_grades(by_key) if space.store else {}
    if not known and grader is space.rules:
        known = {one.key: one for one in grader.grade(transcripts) if isinstance(one, Grade)}
    return [assemble(by_key[key], space.rubric, grade.verdicts) for key, grade in known.items()]


def _rejected(item: Taken | Dropped) -> TypeGuard[Dropped]:
    return isinstance(item, Dropped) and item.outcome is Outcome.REJECTED


def _look(space: Workspace, request: CheckRequest) -> int | None:
    """Count this look at the test part; every look makes its figures a little too kind."""
    if space.store is None:
        return None
    run = space.store.start_run(kind="check", rubric=space.rubric, asked=space.asked, parameters={"split": request.split})
    space.store.finish_run(run.id)
    return len(space.store.runs(kind="check"))


def _file(space: Workspace) -> Path:
    folder = space.project.state / "checks"
    folder.mkdir(exist_ok=True)
    return folder / f"{digest([space.first.fingerprint, space.rubric.full_hash])[:24]}.json"


def _basis(space: Workspace) -> str:
    """Return the digest of all that a check rests on besides grader and rubric; where it changes, an earlier check says nothing."""
    asked = [space.project.path(one) for one in (LABELS, CONVERSATIONS, SPLIT, THRESHOLDS)]
    files = [file for one in asked for file in (sorted(one.rglob("*")) if one.is_dir() else [one]) if file.is_file()]
    contents = [[str(file.relative_to(space.project.root)), hashlib.sha256(file.read_bytes()).hexdigest()] for file in files]
    return digest([clearbar.__version__, space.settings.redaction.model_dump(mode="json"), contents])


def _keep(space: Workspace, checked: Checked) -> None:
    replace_file(_file(space), orjson.dumps({"basis": _basis(space), "checked": checked.model_dump(mode="json")}))


def measured(space: Workspace, *, notice: Callable[[str], None]) -> tuple[Measured, ...]:
    """Return how far the graders of a workspace agree with the project's labelled set.

    The rules are measured on the spot, which costs nothing; an LLM only if a check of it was made before, so that no audit pays for
    calls that nobody asked for.
    """
    rules = replace(space, llm=None, cascade=None, asked="rules")
    try:
        by_rules = _kept(rules) or check_with(rules, CheckRequest(), notice=_hear_nothing)
    except (LabelError, ProjectError, RubricError, SourceError) as error:  # a project need not have labels to be audited
        notice(f"how far graders agree with labels cannot be measured: {error}")
        return ()
    found = [Measured(GradedBy.RULES, by_rules)]
    if space.llm is not None and (by_llm := _kept(space)):
        found.append(Measured(GradedBy.LLM, by_llm))
    elif space.llm is not None:
        notice("how far this LLM agrees with labels is not measured yet: clearbar check --grader llm")
    return tuple(found)


def hand_over(space: Workspace) -> Workspace:
    """Return the workspace with the rules grading what labels show the LLM is not to be trusted on and they are.

    What neither is trusted on stays with the LLM, and reports leave it to people.
    """
    if space.llm is None or space.cascade is not None:
        return space
    checked = {one.graded_by: one.checked.result.criteria for one in measured(space, notice=_hear_nothing)}
    rules = checked.get(GradedBy.RULES, {})
    handed = {
        id: f"on this criterion the LLM is not trusted ({item.decision.value} on labels), and the rules are"
        for id, item in checked.get(GradedBy.LLM, {}).items()
        if item.decision is not Decision.GO and id in rules and rules[id].decision is Decision.GO
    }
    return replace(space, handed=handed)


def _kept(space: Workspace) -> Checked | None:
    """Return an earlier check that still holds."""
    try:
        kept = orjson.loads(_file(space).read_bytes())
        return Checked.model_validate_json(orjson.dumps(kept["checked"])) if kept["basis"] == _basis(space) else None
    except (FileNotFoundError, KeyError, TypeError, ValueError):  # none there, or one of another version
        return None


def _hear_nothing(line: str) -> None:
    """Leave what is odd about the project's own labels to a check by hand."""
