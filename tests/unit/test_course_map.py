"""The course map: every lab has its place, builds on earlier ones, and is shown the same everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from rmqlab.authoring import teaching
from rmqlab.authoring.course_map import as_markdown, course_map
from rmqlab.errors import CourseError

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PLACE = 'minutes = 25\nneeds = [{needs}]\nthen = "go on"\nshow = "a dead broker"\n'


def course(tmp_path, text, *labs):
    for number in labs:
        (tmp_path / f"{number}_lab").mkdir()
        title = f"# %% [markdown]\n# # {number} · Why {number}?\n"
        (tmp_path / f"{number}_lab" / "lab.py").write_text(title, encoding="utf-8")
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    return tmp_path


def place(number, *needs):
    return f"[{number}]\n" + PLACE.format(needs=", ".join(f'"{need}"' for need in needs))


def test_each_place_has_the_question_of_its_lab_and_what_it_builds_on(tmp_path):
    first, second = course_map(course(tmp_path, place("00") + place("01", "00"), "00", "01"))
    assert (first.question, first.needs, first.minutes, first.then) == ("Why 00?", (), 25, "go on")
    assert second.needs == ("00",)
    assert as_markdown([first, second], "labs/{slug}.ipynb").splitlines()[2:] == [
        "| [00](labs/00-lab.ipynb) | Why 00? | 25 | Python | go on |",
        "| [01](labs/01-lab.ipynb) | Why 01? | 25 | 00 | go on |",
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (place("00"), "01 has no place on the map"),
        (place("00") + place("01") + place("02"), "02 is no lab"),
        (place("00", "01") + place("01"), "00 builds on 01, which does not come before it"),
        (
            place("00") + "[01]\nminutes = 3\n",
            "01 has to have minutes, needs, then, perhaps show, and nothing else",
        ),
        ("[00", "map.toml"),
    ],
)
def test_a_map_that_is_wrong_is_an_error_that_says_where(tmp_path, text, complaint):
    with pytest.raises(CourseError, match=complaint):
        course_map(course(tmp_path, text, "00", "01"))


def test_course_without_a_map_has_no_places():
    assert course_map(ROOT / "tests" / "course_fixture" / "course") == ()


def test_readme_and_lab_00_show_the_map_as_it_is():
    places = course_map(ROOT / "course")
    assert as_markdown(places, "labs/{slug}.ipynb") in (ROOT / "README.md").read_text(encoding="utf-8")
    in_a_comment = "\n".join(f"# {line}" for line in as_markdown(places, "{slug}.ipynb").splitlines())
    assert in_a_comment in (ROOT / "course" / "00_welcome" / "lab.py").read_text(encoding="utf-8")


def test_the_guide_for_teachers_has_every_exercise_and_what_is_believed_of_it():
    written = (ROOT / "docs" / "teaching-labs.md").read_text(encoding="utf-8")
    made = teaching.as_markdown(ROOT / "course")
    assert written == made, "python -m rmqlab.authoring.teaching > docs/teaching-labs.md"
    assert "| 02.3 Lose no answer | “when send_async has returned, the message has arrived”; " in written
