"""The syllabus, point by point, is in the labs; and nothing is in the labs that it does not speak of."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rmqlab.authoring.coverage import as_markdown, gaps, syllabus
from rmqlab.errors import CourseError

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
POINT = """
[[90]]
point = "sending"
section = "{section}"
words = ["{word}"]
exercises = ["90.1", "{exercise}"]
"""


@pytest.fixture
def course(tmp_path):
    """A copy of the small course, whose lab has a section, and two exercises."""
    made = Path(shutil.copytree(ROOT / "tests" / "course_fixture" / "course", tmp_path / "course"))
    with (made / "90_stand_in" / "lab.py").open("a", encoding="utf-8") as lab:
        lab.write("\n# %% [markdown]\n# ## Here\n#\n# A half message.\n#\n# ## There\n#\n# A timer.\n")
    return made


def write(course, *, section="Here", word="half", exercise="90.2"):
    text = POINT.format(section=section, word=word, exercise=exercise)
    (course / "syllabus.toml").write_text(text, encoding="utf-8")


def test_every_point_of_the_syllabus_is_in_its_lab_and_every_exercise_belongs_to_one():
    assert gaps(ROOT / "course") == []


def test_the_table_in_docs_is_that_of_the_syllabus():
    written = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert written == as_markdown(syllabus(ROOT / "course")), (
        "python -m rmqlab.authoring.coverage > docs/coverage.md"
    )


def test_a_point_that_is_kept_leaves_no_gap(course):
    write(course)
    assert gaps(course) == []


@pytest.mark.parametrize(
    ("what", "complaint"),
    [
        ({"section": "Nowhere"}, "90-stand-in: there is no section 'Nowhere'"),
        ({"word": "timer"}, "90-stand-in, Here: nothing of 'timer'"),  # it stands in the next section
        ({"exercise": "90.1"}, "90-stand-in: no point speaks of exercise 90.2"),
        ({"exercise": "90.9"}, "90-stand-in: there is no exercise 90.9"),
    ],
)
def test_what_is_promised_and_not_kept_is_a_gap(course, what, complaint):
    write(course, **what)
    assert complaint in gaps(course)


def test_a_syllabus_without_a_lab_or_without_words_is_an_error(course):
    (course / "syllabus.toml").write_text('[[91]]\npoint = "x"\n', encoding="utf-8")
    with pytest.raises(CourseError, match="there is no lab 91"):
        syllabus(course)
    (course / "syllabus.toml").write_text('[[90]]\npoint = "x"\n', encoding="utf-8")
    with pytest.raises(CourseError, match="a point has to have point, section and words"):
        syllabus(course)
