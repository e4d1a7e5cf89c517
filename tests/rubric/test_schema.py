from pathlib import Path

import pytest

from clearbar.articles import Articles
from clearbar.model import Model
from clearbar.rubric import Rubric
from clearbar.rubric_file import json_schema, schema_text

SCHEMAS = [("rubric.schema.json", Rubric, "clearbar.rubric_file"), ("sources.schema.json", Articles, "clearbar.articles")]


@pytest.mark.parametrize(("name", "model", "module"), SCHEMAS)
def test_the_committed_schema_is_the_models(name: str, model: type[Model], module: str, rubrics: Path) -> None:
    assert (rubrics / name).read_text(encoding="utf-8") == schema_text(model), f"run: python -m {module} > rubrics/{name}"


def test_every_file_names_its_schema_in_its_first_line(rubrics: Path) -> None:
    for file in rubrics.glob("*.yaml"):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        name = "sources" if file.stem == "sources" else "rubric"
        assert first == f"# yaml-language-server: $schema={name}.schema.json"
        assert (rubrics / f"{name}.schema.json").is_file()


def test_the_schema_tells_editors_what_a_field_means_and_what_is_allowed() -> None:
    schema = json_schema()
    criterion = schema["$defs"]["Criterion"]
    assert criterion["additionalProperties"] is False
    assert criterion["properties"]["asks"]["description"] == "The question, as it is put to graders and people."
    assert schema["$defs"]["Gate"]["enum"] == ["conversation", "section", "band"]
    assert "levels" in criterion["required"]
