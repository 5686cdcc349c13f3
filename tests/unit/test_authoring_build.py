"""`rmqlab build` on a course of one lab without a broker: what it writes, what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from rmqlab.authoring import build
from rmqlab.errors import CourseError

pytestmark = pytest.mark.unit

FIXTURE = Path(__file__).parents[1] / "course_fixture"


@pytest.fixture
def lab(root):
    return root / "course" / "90_stand_in"


@pytest.fixture
def built(root):
    build(root, execute=False)
    return root


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def mistake_of(root, **arguments):
    with pytest.raises(CourseError) as mistake:
        build(root, execute=False, **arguments)
    return str(mistake.value)


def learner_text(root):
    return (root / "labs" / "90-stand-in.ipynb").read_text(encoding="utf-8")


def test_rebuild_gives_the_same_bytes(built):
    before = [path.read_bytes() for path in sorted(built.glob("*/*.ipynb"))]
    for path in built.glob("*/*.ipynb"):
        path.unlink()
    build(built, execute=False)
    assert [path.read_bytes() for path in sorted(built.glob("*/*.ipynb"))] == before


def test_cell_keeps_its_id_when_a_cell_is_added_above(built, lab):
    before = [cell.id for cell in nbformat.reads(learner_text(built), 4).cells]
    edit(lab / "lab.py", "# %%\nfrom stand_in", "# %%\nprint('new')\n\n# %%\nfrom stand_in")
    build(built, execute=False)
    after = [cell.id for cell in nbformat.reads(learner_text(built), 4).cells]
    assert len(after) == len(before) + 1
    assert set(before) < set(after)


def test_learner_and_solved_notebook_share_their_cell_ids(built):
    learner, solved = (nbformat.read(path, 4) for path in sorted(built.glob("*/*.ipynb")))
    assert [cell.id for cell in learner.cells] == [cell.id for cell in solved.cells]


def test_notebook_names_its_kernel_and_has_no_widget_state(built):
    metadata = json.loads(learner_text(built))["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert metadata["language_info"] == {"name": "python"}
    assert "widgets" not in metadata


def test_parameters_cell_carries_the_version_of_the_checks(built, lab):
    before = learner_text(built)
    assert "CHECKS_VERSION = " in before
    edit(lab / "checks.py", "A log only grows.", "A log never shrinks.")
    build(built, execute=False)
    assert learner_text(built) != before


def test_solved_notebook_is_executed_once_and_again_when_a_cell_changes(root, lab, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(FIXTURE))
    (first,) = build(root)
    (second,) = build(root)
    assert (first.executed, second.executed) == (True, False)
    solved = nbformat.read(root / "solutions" / "90-stand-in.ipynb", 4)
    assert all(cell.execution_count for cell in solved.cells if cell.cell_type == "code")
    assert "PASSED  90.1" in json.dumps(solved, ensure_ascii=False)
    build(root, check=True)
    edit(lab / "lab.py", "again, ids", "ids, again")
    (third,) = build(root)
    assert third.executed


@pytest.mark.parametrize("execute", [True, False])
def test_prose_that_changes_leaves_the_outputs_as_they_are(root, lab, monkeypatch, execute):
    monkeypatch.setenv("PYTHONPATH", str(FIXTURE))
    build(root)
    path = root / "solutions" / "90-stand-in.ipynb"
    before = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    edit(lab / "lab.py", "Does the machinery work?", "Does it all work?")
    (again,) = build(root, execute=execute)
    assert not again.executed
    assert "Does it all work?" in path.read_text(encoding="utf-8")
    assert [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"] == before
    build(root, check=True)


def test_widget_leaves_its_picture_and_no_live_view(root, lab, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(FIXTURE))
    bundle = '{"image/svg+xml": "<svg/>", "application/vnd.jupyter.widget-view+json": {}, "text/plain": "p"}'
    show = f"from IPython.display import display\n\ndisplay({bundle}, raw=True)"
    edit(lab / "lab.py", "again, ids", show)
    build(root)
    (output,) = nbformat.read(root / "solutions" / "90-stand-in.ipynb", 4).cells[-1].outputs
    assert set(output.data) == {"image/svg+xml", "text/plain"}


def test_solution_that_raises_is_named_with_its_error(root, lab, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(FIXTURE))
    edit(lab / "lab.py", "again, ids", "1 / 0")
    with pytest.raises(CourseError, match=r"lab\.py: a cell of the solution raises ZeroDivisionError"):
        build(root)


def test_check_accepts_what_build_wrote(built):
    assert build(built, check=True) == ()


@pytest.mark.parametrize("folder", ["labs", "solutions"])
def test_check_finds_a_notebook_that_was_edited_by_hand(built, folder):
    path = built / folder / "90-stand-in.ipynb"
    edit(path, "Does the machinery work?", "Does it work?")
    message = mistake_of(built, check=True)
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if "Does it work?" in text)
    assert message.startswith(f"{path}:{line}: not what the source builds")
    assert "rmqlab build" in message


@pytest.mark.parametrize("folder", ["labs", "solutions"])
def test_check_finds_a_missing_notebook(built, folder):
    (built / folder / "90-stand-in.ipynb").unlink()
    assert "missing. Run `rmqlab build`" in mistake_of(built, check=True)


def test_check_finds_solution_text_left_in_labs(built):
    edit(
        built / "labs" / "90-stand-in.ipynb",
        "ids = ...",
        'ids = [lab.send(f\\"order {n}\\") for n in range(COUNT)]',
    )
    assert "a line of a solution: 'ids = [lab.send" in mistake_of(built, check=True)


def test_check_finds_outputs_in_labs(built):
    shutil.copy(built / "labs" / "90-stand-in.ipynb", built / "kept.ipynb")
    edit(built / "labs" / "90-stand-in.ipynb", '"execution_count": null', '"execution_count": 1')
    assert "a learner's notebook with outputs" in mistake_of(built, check=True)


@pytest.mark.parametrize("folder", ["labs", "solutions"])
def test_notebook_that_no_lab_builds_is_refused(built, folder):
    (built / folder / "99-gone.ipynb").write_text("{}", encoding="utf-8")
    assert f"{folder}/99-gone.ipynb:1: no lab in course/ builds this" in mistake_of(
        built, check=True
    ).replace("\\", "/")


def test_unknown_lab_is_refused_with_the_known_ones(root):
    assert mistake_of(root, only=["42"]) == "There is no lab '42'. There are: 90-stand-in."
