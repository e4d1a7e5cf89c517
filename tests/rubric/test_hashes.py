from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from clearbar.grading.llm.prompt import Prompt
from clearbar.rubric import Rubric

Plain = dict[str, Any]
Edit = Callable[[Plain], None]


def edit(*path: str | int, to: Any) -> Edit:
    """Return a function that sets one field of a plain rubric."""

    def edited(plain: Plain) -> None:
        place: Any = plain
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = to

    return edited


def reverse(key: str) -> Edit:
    return lambda plain: plain[key].reverse()


PROMPT = {
    "title": edit("title", to="Other"),
    "instructions": edit("instructions", to=["Grade the deeds."]),
    "limits": edit("limits", "chat", "gap_seconds", to=90),
    "meaning of a level": edit("scales", 0, "levels", 1, "means", to="Well done."),
    "question": edit("criteria", 0, "asks", to="Was it?"),
    "applicability": edit("criteria", 0, "applies", "when", to="the customer calls"),
    "wording of a level": edit("criteria", 0, "levels", "low", to="Leaves it."),
    "note": edit("criteria", 0, "notes", to=["A nod is no answer."]),
    "example": edit("criteria", 0, "examples", 0, "passage", to="Agent: Hum."),
    "order of the criteria": reverse("criteria"),
}
RULES = {
    "limits": PROMPT["limits"],
    "rules": edit("criteria", 0, "rules", "otherwise", to="high"),
    "least turns": edit("criteria", 0, "applies", "min_agent_turns", to=3),
}
SCORING = {
    "points": edit("scales", 0, "levels", 1, "points", to=90),
    "failing": edit("scales", 0, "levels", 0, "fails", to=False),
    "weight": edit("criteria", 0, "weight", to=2),
    "gate": edit("criteria", 0, "gate", to="band"),
    "section's weight": edit("sections", 0, "weight", to=3),
    "band": edit("bands", 1, "from_score", to=75),
    "band's failing": edit("bands", 1, "none_failing", to=True),
    "band's top": edit("bands", 1, "at_top", to=2),
    "auto-fail": edit("auto_fail_score", to="zero"),
    "least weight": edit("min_weight_graded", to=0.6),
    "condition": edit("criteria", 0, "applies", "condition", to={"criterion": "second", "levels": ["low"]}),
}
NONE = {
    "version": edit("version", to="2"),
    "name": edit("name", to="other"),
    "about": edit("about", to="Other."),
    "section's name": edit("sections", 0, "name", to="Everything"),
    "band's name": edit("bands", 0, "name", to="Beneath"),
    "level's name": edit("scales", 0, "levels", 0, "name", to="Lowest"),
    "criterion's name": edit("criteria", 0, "name", to="Answer"),
    "sources": edit("criteria", 0, "sources", to=[]),
    "causes": edit("criteria", 0, "causes", to=[]),
    "steps": edit("criteria", 0, "steps", to=[]),
    "status": edit("status", to="draft"),
}
EDITS = {**PROMPT, **RULES, **SCORING, **NONE}


def edited(small: Plain, name: str) -> tuple[Rubric, Rubric]:
    before = Rubric.model_validate(deepcopy(small))
    EDITS[name](small)
    return before, Rubric.model_validate(small)


@pytest.mark.parametrize("name", EDITS)
def test_each_hash_changes_if_and_only_if_its_reader_reads_what_changed(name: str, small: Plain) -> None:
    before, after = edited(small, name)
    assert (before.prompt_hash != after.prompt_hash) == (name in PROMPT)
    assert (before.rules_hash != after.rules_hash) == (name in RULES)
    assert (before.scoring_hash != after.scoring_hash) == (name in SCORING)
    assert before.full_hash != after.full_hash


@pytest.mark.parametrize("name", EDITS)
def test_the_prompt_hash_changes_if_and_only_if_the_prompt_does(name: str, small: Plain, project_root: Path) -> None:
    before, after = edited(small, name)
    prompts = [
        Prompt(rubric, project_root / "prompts", b"secret").constant(tuple(criterion.id for criterion in rubric.criteria))
        for rubric in (before, after)
    ]
    assert (before.prompt_hash != after.prompt_hash) == (prompts[0] != prompts[1])


@pytest.mark.parametrize("key", ["criteria", "sections", "scales"])
def test_scores_and_rules_do_not_depend_on_the_order_in_the_file(key: str, contact_centre: Rubric) -> None:
    plain = contact_centre.model_dump(mode="json")
    plain[key].reverse()
    after = Rubric.model_validate(plain)
    assert after.scoring_hash == contact_centre.scoring_hash
    assert after.rules_hash == contact_centre.rules_hash


def test_a_weight_written_as_a_whole_number_is_the_same_weight(small: Plain) -> None:
    before = Rubric.model_validate(deepcopy(small))
    small["criteria"][0]["weight"] = 1.0
    assert Rubric.model_validate(small).full_hash == before.full_hash


def test_a_copy_does_not_inherit_the_hashes(small: Plain) -> None:
    rubric = Rubric.model_validate(small)
    hashes = {rubric.full_hash, rubric.prompt_hash, rubric.scoring_hash}
    assert rubric.model_copy(update={"title": "Other"}).full_hash not in hashes
    assert rubric.model_copy(update={"title": "Other"}).prompt_hash not in hashes
    assert rubric.model_copy().full_hash == rubric.full_hash
