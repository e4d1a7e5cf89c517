from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from clearbar.errors import RubricError
from clearbar.project import Project
from clearbar.rubric import Rubric
from clearbar.rubric_file import dump_rubric, load_rubric, open_rubric

Plain = dict[str, Any]
Write = Callable[[Plain | str | bytes], Path]


def refused(path: Path) -> str:
    with pytest.raises(RubricError) as caught:
        load_rubric(path)
    told = str(caught.value)
    assert "\n" not in told
    return told


def test_a_good_file_loads(small: Plain, write: Write) -> None:
    assert load_rubric(write(small)) == Rubric.model_validate(small)


def test_a_misspelt_key_is_told_by_file_line_and_place_with_the_key_that_was_meant(small: Plain, write: Write) -> None:
    small["criteria"][1]["weigth"] = small["criteria"][1].pop("weight")
    file = write(small)
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if "weigth" in text)

    told = refused(file)

    assert f"{file}: line" in told
    assert f"line {line}, criteria.second.weigth: no such key; did you mean 'weight'?" in told
    assert "criteria.second.weight: is missing" in told


def test_a_key_like_no_other_is_answered_with_the_keys_there_are(small: Plain, write: Write) -> None:
    small["bands"][0]["xyzzy"] = 1
    assert "bands.under.xyzzy: no such key; keys here: id, name, from_score, none_failing, at_top" in refused(write(small))


def test_a_text_torn_apart_at_its_comma_is_recognized(small: Plain, write: Write) -> None:
    file = write(small)
    file.write_text(
        file.read_text().replace("name: Under", "name: Under").replace("- id: under\n  name: Under", "- {id: under, name: Under, really}")
    )
    assert "bands.under.really: no such key; keys here: id, name, from_score, none_failing, at_top; a text with a comma" in refused(file)


def test_a_criterion_without_levels_is_refused(small: Plain, write: Write) -> None:
    del small["criteria"][0]["levels"]
    assert "criteria.first.levels: is missing" in refused(write(small))


def test_levels_that_are_not_those_of_the_scale_are_refused(small: Plain, write: Write) -> None:
    small["criteria"][0]["levels"] = {"low": "No."}
    assert "criteria.first.levels: must word exactly the levels of scale 'two': low, high" in refused(write(small))


def test_an_unknown_scale_is_refused_with_those_there_are(small: Plain, write: Write) -> None:
    small["criteria"][2]["scale"] = "tow"
    assert "criteria.third.scale: there is no scale 'tow'; scales: two" in refused(write(small))


def test_an_unknown_section_is_refused(small: Plain, write: Write) -> None:
    small["criteria"][2]["section"] = "al"
    assert "criteria.third.section: there is no section 'al'; sections: all" in refused(write(small))


@pytest.mark.parametrize("kind", ["scales", "sections", "criteria", "bands"])
def test_an_id_that_stands_twice_is_refused(kind: str, small: Plain, write: Write) -> None:
    small[kind].append(dict(small[kind][0]))
    id = small[kind][0]["id"]
    assert f"{kind}.{id}.id: {id!r} stands twice; ids must differ" in refused(write(small))


def test_a_level_that_stands_twice_is_refused(small: Plain, write: Write) -> None:
    small["scales"][0]["levels"].append({"id": "high", "name": "High", "points": 100})
    assert "scales.two.levels: a level's id stands twice" in refused(write(small))


@pytest.mark.parametrize("word", ["not_applicable", "ungraded", "abstain", "na"])
def test_a_level_may_not_take_the_word_of_a_state(word: str, small: Plain, write: Write) -> None:
    small["scales"][0]["levels"][0]["id"] = word
    for criterion in small["criteria"]:
        criterion["levels"] = {word: "Low.", "high": "High."}
        criterion["rules"] = {}
    assert f"{word!r} is a state of every verdict" in refused(write(small))


def test_levels_stand_lowest_first(small: Plain, write: Write) -> None:
    small["scales"][0]["levels"].reverse()
    told = refused(write(small))
    assert "the lowest level comes first, but the points are 100, 0" in told
    assert "a level that fails stands above one that does not" in told


def test_an_example_of_an_unknown_level_is_refused(small: Plain, write: Write) -> None:
    small["criteria"][0]["examples"][0]["level"] = "lwo"
    assert "criteria.first.examples: 'lwo' is no level of scale 'two'; levels: low, high, not_applicable" in refused(write(small))


def test_a_rule_with_an_unknown_outcome_is_refused(small: Plain, write: Write) -> None:
    small["criteria"][0]["rules"]["otherwise"] = "lwo"
    assert "criteria.first.rules: otherwise: 'lwo' is neither 'abstain' nor a level" in refused(write(small))


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"criterion": "nowhere", "levels": ["low"]}, "there is no other criterion 'nowhere'"),
        ({"criterion": "first", "levels": ["low"]}, "there is no other criterion 'first'"),
        ({"criterion": "second", "levels": ["lwo"]}, "'second' has no level 'lwo'; levels: low, high"),
    ],
)
def test_a_condition_that_leads_nowhere_is_refused(condition: Plain, told: str, small: Plain, write: Write) -> None:
    small["criteria"][0]["applies"]["condition"] = condition
    assert f"criteria.first.applies: condition: {told}" in refused(write(small))


def test_all_faults_are_told_at_once(small: Plain, write: Write) -> None:
    small["criteria"][0]["scale"] = "tow"
    small["criteria"][1]["section"] = "al"
    small["criteria"][2]["levels"] = {"low": "No."}
    told = refused(write(small))
    assert all(f"criteria.{place}" in told for place in ("first.scale", "second.section", "third.levels"))


def test_very_many_faults_are_counted(small: Plain, write: Write) -> None:
    small["criteria"] = [{**small["criteria"][0], "id": f"c{number}", "scale": "tow"} for number in range(20)]
    assert "; and 8 more" in refused(write(small))


def test_faults_never_repeat_a_value_of_the_wrong_kind(small: Plain, write: Write) -> None:
    small["criteria"][0]["weight"] = "planted-value"
    told = refused(write(small))
    assert "criteria.first.weight" in told
    assert "planted-value" not in told


@pytest.mark.parametrize("word", ["true", "True", "TRUE"])
def test_true_is_a_truth_value_in_every_case(word: str, small: Plain, write: Write) -> None:
    file = write(small)
    file.write_text(file.read_text().replace("fails: true", f"fails: {word}"))
    assert load_rubric(file).scales[0].levels[0].fails


@pytest.mark.parametrize("weight", [0, -1])
def test_a_weight_is_above_zero(weight: int, small: Plain, write: Write) -> None:
    small["criteria"][0]["weight"] = weight
    assert "criteria.first.weight: Input should be greater than 0" in refused(write(small))


def test_a_version_without_quotes_is_a_number_and_refused(small: Plain, write: Write) -> None:
    file = write(small)
    file.write_text(file.read_text().replace("version: '1'", "version: 1.0"))
    assert "version: Input should be a valid string" in refused(file)


def test_a_key_that_stands_twice_is_told_with_its_line(small: Plain, write: Write) -> None:
    file = write(small)
    file.write_text(file.read_text() + "title: Again\n")
    assert f"line {len(file.read_text().splitlines())}: the key 'title' stands twice" in refused(file)


def test_wrong_yaml_is_told_with_its_line(write: Write) -> None:
    told = refused(write("name: x\nversion: '1'\n  title: [\n"))
    assert "r.yaml, line 3: is no valid YAML" in told


def test_two_documents_are_refused(write: Write) -> None:
    assert "is no valid YAML" in refused(write("name: x\n---\nname: y\n"))


@pytest.mark.parametrize("content", ["", "# only a comment\n", "null\n"])
def test_an_empty_file_is_told_so(content: str, write: Write) -> None:
    assert "r.yaml: is empty: expected the keys name, version, title, about" in refused(write(content))


@pytest.mark.parametrize("content", ["- a\n- b\n", "just words\n"])
def test_a_file_that_holds_no_mapping_is_told_so(content: str, write: Write) -> None:
    assert "r.yaml: is no mapping" in refused(write(content))


def test_keys_that_are_no_words_are_refused(write: Write) -> None:
    assert "line 1: a key is a list or mapping" in refused(write("? [a, b]\n: 1\n"))
    assert "1: Keys should be strings" in refused(write("1: 2\n"))


def test_a_binary_file_is_told_so(write: Write) -> None:
    assert "r.yaml: is no UTF-8 text (byte 0)" in refused(write(b"\xff\x00\x80\x81"))


def test_a_control_character_is_told_as_wrong_yaml(write: Write) -> None:
    assert "is no valid YAML" in refused(write(b"name: a\x00b\n"))


@pytest.mark.parametrize("content", ["a: " + "9" * 5000, "a: !!int x", "a: !!python/name:os.system", "a: " + "[" * 200_000, "a: &x [*x]"])
def test_yaml_that_trips_its_parser_is_refused_in_one_line(content: str, write: Write) -> None:
    assert "r.yaml" in refused(write(content))


def test_a_missing_file_is_told_so(tmp_path: Path) -> None:
    assert "cannot be read (No such file or directory)" in refused(tmp_path / "none.yaml")


def test_a_folder_is_told_so(tmp_path: Path) -> None:
    assert "cannot be read (Is a directory)" in refused(tmp_path)


def test_yes_and_no_are_words(small: Plain, write: Write) -> None:
    small["scales"][0]["levels"][0]["id"] = "NO"
    text = yaml.safe_dump(small, sort_keys=False).replace("'NO'", "no").replace("low", "no").replace("high", "yes")
    rubric = load_rubric(write(text))
    assert rubric.scales[0].ids == ("no", "yes")
    assert rubric.criteria[0].levels["no"]


def test_a_rubric_that_is_dumped_and_loaded_is_the_same(contact_centre: Rubric, service_bar: Rubric, write: Write) -> None:
    for rubric in (service_bar, contact_centre):
        text = dump_rubric(rubric)
        assert text.startswith("# yaml-language-server: $schema=rubric.schema.json\n")
        assert load_rubric(write(text)).full_hash == rubric.full_hash


def test_a_rubric_is_opened_by_name_or_path(project_root: Path, service_bar: Rubric) -> None:
    project = Project(project_root)
    assert open_rubric("service_bar", project) == service_bar
    assert open_rubric("service_bar.yaml", project) == service_bar
    assert open_rubric(str(project_root / "rubrics" / "service_bar.yaml"), project) == service_bar


def test_a_name_that_is_not_there_is_answered_with_those_that_are(project_root: Path) -> None:
    with pytest.raises(RubricError, match=r"there is no rubric 'servicebar' .*there is: contact_centre, service_bar"):
        open_rubric("servicebar", Project(project_root))


def test_a_draft_is_opened_only_where_a_draft_will_do(small: Plain, write: Write, tmp_path: Path) -> None:
    file = write({**small, "status": "draft"})
    assert open_rubric(str(file), Project(tmp_path), drafts=True).status == "draft"
    with pytest.raises(RubricError, match="is a draft, and nothing grades with a draft"):
        open_rubric(str(file), Project(tmp_path))
