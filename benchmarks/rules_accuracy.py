"""How far the rules agree with people and careful readers, by source and criterion, beside TF-IDF with logistic regression.

    python benchmarks/rules_accuracy.py FOLDER [--part PART] [--sources a,b] [--own dev|test] [--json]
    python benchmarks/rules_accuracy.py FOLDER --apart

`--own` measures a side of the project's own set instead of FOLDER's sources; `--apart` measures each source of the development
material with the rubric's figures refitted without it.

FOLDER holds conversations (`*.jsonl`) and `service_bar.labels.jsonl`; `evals/public/readings.jsonl` adds labels of more of
them. All were made by careful reading with a strong language model, not by customers or QA staff. Kappa is over the levels
and `not_applicable` as nominal categories, an ungraded verdict being a disagreement. Parts are told apart by a hash of the
id, as docs/rules.md says.
Needs scikit-learn (in the test group).
"""

import argparse
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from clearbar.grading.rules import RulesGrader, fit, load_lexicon, refit
from clearbar.rubric import Rubric
from clearbar.rubric_file import load_rubric
from clearbar.scoring import score
from clearbar.transcript import RedactedTranscript, Turn
from clearbar.verdict import Grade

ROOT = Path(__file__).parents[1]
LABELS = "service_bar.labels.jsonl"
READINGS = ROOT / "evals" / "public" / "readings.jsonl"
PARTS = ("dev", "second", "holdout", "read", "validation", "unread", "all")
FEW = 10
READ = ("star", "dch1_stc3_en", "abcd_sample")
"""Sources of which a part was read while the rules were made."""


def part_of(id: str) -> str:
    """Return whether a conversation was read in the first round, in the second, or never."""
    first, second, *_ = hashlib.sha256(id.encode()).digest()
    return "dev" if first % 2 == 0 else "second" if second % 2 == 0 else "holdout"


def is_in(part: str, id: str) -> bool:
    """Say whether a conversation belongs to a part: `read` for tuning, `validation` by its figures, or wholly `unread`."""
    if part in {"read", "validation", "unread"}:
        return part == _use(id)
    return part in {"all", part_of(id)}


def _use(id: str) -> str:
    """Return what a conversation was used for: of the airline, what has a reading here was read, of films, calls and tweets, half."""
    chance = hashlib.sha256(id.encode()).digest()[2]
    match id.partition(":")[0]:
        case "tau_airline":
            return "read" if id in _with_reading() else "unread"
        case "ab_redial" | "harper_valley" | "twcs":
            return "read" if chance % 2 == 0 else "unread"
    return "unread" if part_of(id) == "holdout" else "validation" if chance % 4 == 0 else "read"


@cache
def _with_reading() -> frozenset[str]:
    return frozenset(label["id"] for label in records(READINGS))


def labels_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Return all labels by conversation; those of the folder come first where both have one."""
    return {label["id"]: label for path in (READINGS, folder / LABELS) for label in records(path)}


def records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a JSON Lines file."""
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def seconds(time: str | float) -> float:
    """Return a time of the own set, a date with hours or hours since the start, as seconds."""
    if isinstance(time, float | int):
        return float(time)
    if "T" in time:
        return datetime.fromisoformat(time).timestamp()
    return float(sum(float(part) * 60**place for place, part in enumerate(reversed(time.split(":")))))


def own(side: str, rubric: Rubric) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, str]]]:
    """Return conversations and decided levels of one side of the own set: the adjudicated level, else what all passes say."""
    folder = ROOT / "evals"
    ids = set(json.loads((folder / "split.json").read_text(encoding="utf-8"))[side])
    decided: dict[str, dict[str, Any]] = defaultdict(dict)
    passes = [label for path in sorted((folder / "labels").glob("*.jsonl")) for label in records(path) if label["id"] in ids]
    for label in sorted(passes, key=lambda label: label["kind"] == "adjudicated"):
        decided[label["id"]] |= label["levels"]
    found = {}
    for path in sorted((folder / "conversations").glob("*.jsonl")):
        for record in records(path):
            if record["id"] in ids:
                for turn in record["turns"]:
                    turn["time"] = None if turn.get("time") is None else seconds(turn["time"])
                found[record["id"]] = record
    return found, {id: levels(rubric, {"levels": decided[id]}) for id in found}


def transcript(record: dict[str, Any]) -> RedactedTranscript:
    """Return a record as graders see it."""
    turns = tuple(Turn(role=turn["role"], text=turn["text"], time=turn.get("time")) for turn in record["turns"])
    return RedactedTranscript(source="benchmark", id=record["id"], turns=turns, channel=record.get("channel"))


def levels(rubric: Rubric, label: dict[str, Any]) -> dict[str, str]:
    """Return a label's levels by criterion, as level ids or states."""
    told = {}
    for criterion, level in label["levels"].items():
        told[criterion] = "not_applicable" if level == "na" else rubric.scale_of(criterion).ids[level] if isinstance(level, int) else level
    return told


def kappa(given: Sequence[str], told: Sequence[str]) -> float | None:
    """Return Cohen's kappa; None where both are the same one category throughout."""
    return None if len({*given, *told}) == 1 else float(cohen_kappa_score(given, told))


def minority(told: Sequence[str]) -> int:
    """Return how many labels are not the most frequent one."""
    return len(told) - max((told.count(level) for level in set(told)), default=0)


def agreement(rubric: Rubric, graded: dict[str, dict[str, str]], labels: dict[str, dict[str, str]]) -> dict[str, dict[str, Any]]:
    """Return the table of a set of conversations, by criterion."""
    table = {}
    for criterion in rubric.criteria:
        ids = [id for id in labels if criterion.id in labels[id]]
        told, given = [labels[id][criterion.id] for id in ids], [graded[id][criterion.id] for id in ids]
        covered = [(a, b) for a, b in zip(given, told, strict=True) if a != "ungraded"]
        right = sum(a == b for a, b in covered)
        table[criterion.id] = {
            "n": len(ids),
            "minority": minority(told),
            "kappa": kappa(given, told) if ids else None,
            "agreement": sum(a == b for a, b in zip(given, told, strict=True)) / len(ids) if ids else None,
            "coverage": len(covered) / len(ids) if ids else None,
            "precision": right / len(covered) if covered else None,
        }
    return table


def macro(table: dict[str, dict[str, Any]], least: int = 0) -> float | None:
    """Return the mean kappa over criteria with at least so many minority labels."""
    values = [row["kappa"] for row in table.values() if row["kappa"] is not None and row["minority"] >= least]
    return float(np.mean(values)) if values else None


def text_of(record: dict[str, Any]) -> str:
    """Return a conversation as words, each marked by its speaker."""
    return " ".join(f"{turn['role'][0]}_{word}" for turn in record["turns"] for word in turn["text"].lower().split())


def by_words(
    rubric: Rubric, train: dict[str, dict[str, Any]], test: dict[str, dict[str, Any]], labels: dict[str, dict[str, str]]
) -> dict[str, dict[str, str]]:
    """Return what TF-IDF with logistic regression says of `test`, trained on the labels of `train`."""
    vectors = TfidfVectorizer(min_df=2, ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\S+")  # noqa: S106 - a pattern
    seen = vectors.fit_transform([text_of(record) for record in train.values()])
    unseen = vectors.transform([text_of(record) for record in test.values()])
    said: dict[str, dict[str, str]] = {id: {} for id in test}
    for criterion in rubric.criteria:
        told = [labels[id][criterion.id] for id in train]
        if len(set(told)) == 1:
            answers: Iterable[str] = told[:1] * len(test)
        else:
            answers = LogisticRegression(C=10, class_weight="balanced", max_iter=2000).fit(seen, told).predict(unseen)
        for id, level in zip(test, answers, strict=True):
            said[id][criterion.id] = str(level)
    return said


def grades(grader: RulesGrader, found: Iterable[dict[str, Any]]) -> dict[str, Grade]:
    """Return the grade of each record, by id."""
    kept = list(found)
    given = grader.grade([transcript(record) for record in kept])
    return {record["id"]: grade for record, grade in zip(kept, given, strict=True) if isinstance(grade, Grade)}


def said(grade: Grade) -> dict[str, str]:
    """Return a grade's levels by criterion."""
    return {verdict.criterion: verdict.level for verdict in grade.verdicts}


def auc(positive: Sequence[bool], values: Sequence[float]) -> float | None:
    """Return the area under the ROC curve; None without both classes."""
    return float(roc_auc_score(positive, values)) if len(set(positive)) > 1 else None


def anchors(folder: Path, grader: RulesGrader, rubric: Rubric, sources: set[str]) -> dict[str, Any]:
    """Return agreement with people's own judgements, on which nothing was fitted."""
    found: dict[str, Any] = {}
    if "dch1_stc3_en" in sources:
        found |= _satisfaction(folder, grader, rubric)
    if "star" in sources:
        found |= _calm(folder, grader, rubric)
    if "tau_airline" in sources:
        found |= _reward(folder, grader, rubric)
    if "politeness" in sources:
        found |= _politeness(folder, grader)
    return found


def _scored(folder: Path, name: str, grader: RulesGrader, rubric: Rubric) -> tuple[list[dict[str, Any]], list[float | None]]:
    kept = list(records(folder / f"{name}.jsonl"))
    given = grades(grader, kept)
    return kept, [score(given[record["id"]].verdicts, rubric).score for record in kept]


def _satisfaction(folder: Path, grader: RulesGrader, rubric: Rubric) -> dict[str, Any]:
    kept, scores = _scored(folder, "dch1_stc3_en", grader, rubric)
    pairs = [(value, record["labels"]["quality_mean"]["S"]) for record, value in zip(kept, scores, strict=True) if value is not None]
    return {"dch1 satisfaction, Spearman": float(spearmanr(*zip(*pairs, strict=True)).statistic), "dch1 scored": len(pairs) / len(kept)}


def _calm(folder: Path, grader: RulesGrader, rubric: Rubric) -> dict[str, Any]:
    kept, scores = _scored(folder, "star", grader, rubric)
    pairs = [
        (not record["labels"]["calm_and_helpful"], -value)
        for record, value in zip(kept, scores, strict=True)
        if value is not None and record["labels"]["calm_and_helpful"] is not None
    ]
    return {"star not calm and helpful, AUC": auc([a for a, _ in pairs], [b for _, b in pairs])}


def _reward(folder: Path, grader: RulesGrader, rubric: Rubric) -> dict[str, Any]:
    kept, scores = _scored(folder, "tau_airline", grader, rubric)
    pairs = [(record["labels"]["reward"] > 0.5, value) for record, value in zip(kept, scores, strict=True) if value is not None]
    return {"tau reward, AUC of score": auc([a for a, _ in pairs], [b for _, b in pairs]), "tau scored": len(pairs) / len(kept)}


def _politeness(folder: Path, grader: RulesGrader) -> dict[str, Any]:
    """Return what single requests show, of the quarter that the strategies were not made on."""
    requests = [record for record in records(folder / "politeness.jsonl") if part_of(record["id"]) == "holdout"]
    areas = areas_of_politeness(requests, [grader.politeness(request["turns"][0]["text"]) for request in requests])
    return {f"politeness {forum}, AUC": area for forum, area in areas.items()}


def areas_of_politeness(requests: Sequence[Mapping[str, Any]], politeness: Sequence[float]) -> dict[str, float | None]:
    """Return the area under the ROC curve, politest against rudest quarter, of the requests of each forum and of both."""
    found = {}
    for name, forums in (("wikipedia", {"wikipedia"}), ("stack-exchange", {"stack-exchange"}), ("both", {"wikipedia", "stack-exchange"})):
        outer = [
            (request["labels"]["quartile_class"] == "polite", value)
            for request, value in zip(requests, politeness, strict=True)
            if request["meta"]["domain"] in forums and request["labels"]["quartile_class"] != "middle"
        ]
        found[name] = auc([a for a, _ in outer], [b for _, b in outer])
    return found


def measure(folder: Path, part: str, sources: set[str]) -> dict[str, Any]:
    """Return all tables."""
    rubric = load_rubric(ROOT / "rubrics" / "service_bar.yaml")
    grader = RulesGrader(rubric, load_lexicon(ROOT / "rubrics" / "lexicon"))
    labelled = labels_of(folder)
    told = {id: levels(rubric, label) for id, label in labelled.items()}
    by_source: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for name in sorted(sources):
        for record in records(folder / f"{name}.jsonl"):
            if record["id"] in told and is_in(part, record["id"]):
                by_source[name][record["id"]] = record
    every = {id: record for found in by_source.values() for id, record in found.items()}
    given = {id: said(grade) for id, grade in grades(grader, every.values()).items()}
    tables = {
        name: agreement(rubric, given, {id: told[id] for id in found}) for name, found in [*by_source.items(), ("all", every)] if found
    }
    result: dict[str, Any] = {"part": part, "criteria": tables}
    result["macro"] = {name: {"all": macro(table), "gated": macro(table, FEW)} for name, table in tables.items()}
    if part in {"second", "holdout", "validation", "unread"} or not sources & set(READ):
        result["words"] = _words(folder, rubric, every, told)
    return result


def _words(folder: Path, rubric: Rubric, test: dict[str, dict[str, Any]], told: dict[str, dict[str, str]]) -> dict[str, float | None]:
    """Return macro kappa of TF-IDF with logistic regression, trained on the labels that were read while the rules were made."""
    read = {
        record["id"]: record
        for name in READ
        for record in records(folder / f"{name}.jsonl")
        if record["id"] in told and record["id"] not in test and part_of(record["id"]) != "holdout"
    }
    table = agreement(rubric, by_words(rubric, read, test, told), {id: told[id] for id in test})
    return {"trained on": len(read), "all": macro(table), "gated": macro(table, FEW)}


def measure_own(side: str) -> dict[str, Any]:
    """Return the table of one side of the own set."""
    rubric = load_rubric(ROOT / "rubrics" / "service_bar.yaml")
    found, told = own(side, rubric)
    given = {
        id: said(grade) for id, grade in grades(RulesGrader(rubric, load_lexicon(ROOT / "rubrics" / "lexicon")), found.values()).items()
    }
    table = agreement(rubric, given, told)
    return {"part": side, "criteria": {"own": table}, "macro": {"own": {"all": macro(table), "gated": macro(table, FEW)}}}


def development(folder: Path, rubric: Rubric) -> tuple[dict[str, dict[str, dict[str, Any]]], dict[str, dict[str, str]]]:
    """Return the conversations that the rules were made on, by source, the own set by channel, and their levels."""
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    labels = labels_of(folder)
    own_found, told = own("dev", rubric)
    for name in READ:
        for record in records(folder / f"{name}.jsonl"):
            if record["id"] in labels and part_of(record["id"]) != "holdout":
                found["star" if name == "abcd_sample" else name][record["id"]] = record
                told[record["id"]] = levels(rubric, labels[record["id"]])
    for id, record in own_found.items():
        found[f"own {record['channel']}"][id] = record
    return found, told


def refitted(rubric: Rubric, records: Sequence[dict[str, Any]], told: Mapping[str, Mapping[str, str]]) -> Rubric:
    """Return the rubric with those figures and points that were fitted on labelled conversations and carry over among them."""
    lexicon = load_lexicon(ROOT / "rubrics" / "lexicon")
    fitted = fit(rubric, lexicon, [transcript(record) for record in records], [told[record["id"]] for record in records])
    return refit(rubric, fitted, "fitted")


def measure_apart(folder: Path) -> dict[str, Any]:
    """Return macro kappa by source of the development material: as the rubric stands, and with figures fitted without that source."""
    rubric = load_rubric(ROOT / "rubrics" / "service_bar.yaml")
    found, told = development(folder, rubric)
    lexicon = load_lexicon(ROOT / "rubrics" / "lexicon")
    given: dict[str, dict[str, dict[str, str]]] = {"as shipped": {}, "fitted without it": {}}
    for name in found:
        others = [record for other, kept in found.items() if other != name for record in kept.values()]
        for kind, used in (("as shipped", rubric), ("fitted without it", refitted(rubric, others, told))):
            given[kind] |= {id: said(grade) for id, grade in grades(RulesGrader(used, lexicon), found[name].values()).items()}
    every = {id for kept in found.values() for id in kept}
    return {
        kind: {name: macro(agreement(rubric, answers, {id: told[id] for id in kept})) for name, kept in [*found.items(), ("all", every)]}
        for kind, answers in given.items()
    }


def show(result: dict[str, Any]) -> None:
    """Print the tables."""
    names = list(result["criteria"])
    print(f"{result['part']:16}" + "".join(f"{name[:12]:>16}" for name in names))
    for criterion in result["criteria"][names[0]]:
        cells = []
        for name in names:
            row = result["criteria"][name][criterion]
            cells.append(f"{'-' if row['kappa'] is None else format(row['kappa'], '.2f'):>6} {row['minority']:3d} {row['coverage']:.2f}")
        print(f"{criterion:16}" + "".join(f"{cell:>16}" for cell in cells))
    for kind in ("all", "gated"):
        cells = [result["macro"][name][kind] for name in names]
        print(f"macro {kind:10}" + "".join(f"{'-' if cell is None else format(cell, '.3f'):>16}" for cell in cells))
    for name, value in result.get("words", {}).items():
        print(f"TF-IDF and logistic regression, {name}: {'-' if value is None else format(value, '.3f').removesuffix('.000')}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", choices=PARTS, default="all")
    parser.add_argument("--sources", default="star,dch1_stc3_en,abcd_sample,tau_airline")
    parser.add_argument("--anchors", default="", help="sources whose people's own judgements are compared with the score")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--own", choices=["dev", "test"], help="measure this side of the project's own set")
    parser.add_argument("--apart", action="store_true", help="measure each source of the development material without it")
    asked = parser.parse_args()
    if asked.apart:
        for kind, row in measure_apart(asked.folder).items():
            print(f"{kind:20}" + "  ".join(f"{name} {value:.3f}" for name, value in row.items() if value is not None))
        return
    if asked.own:
        show(measure_own(asked.own))
        return
    result = measure(asked.folder, asked.part, set(asked.sources.split(",")))
    if asked.anchors:
        rubric = load_rubric(ROOT / "rubrics" / "service_bar.yaml")
        grader = RulesGrader(rubric, load_lexicon(ROOT / "rubrics" / "lexicon"))
        result["anchors"] = anchors(asked.folder, grader, rubric, set(asked.anchors.split(",")))
    if asked.json:
        json.dump(result, sys.stdout, indent=1)
        return
    show(result)
    for name, value in result.get("anchors", {}).items():
        print(f"{name}: {value:.3f}")


if __name__ == "__main__":
    main()
