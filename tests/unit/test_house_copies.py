"""The learner's own copies of the labs, and the JupyterLab that shows them."""

import json
import os
import sys
from pathlib import Path

import pytest

from rmqlab import jupyter
from rmqlab.errors import CourseError
from rmqlab.jupyter import jupyter_command, open_lab
from rmqlab.learner_copies import bring_up_to_date, find_notebook, take_fresh
from rmqlab.workspace import repository

pytestmark = pytest.mark.unit


def write(path, text, output=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    outputs = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
    cell = {
        "cell_type": "code",
        "source": [text],
        "outputs": outputs,
        "metadata": {},
        "execution_count": None,
    }
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")


def source(path):
    return "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course of one lab, with the working directory in it."""
    (tmp_path / "course").mkdir()
    write(tmp_path / "labs" / "01-concepts.ipynb", "answer = ...")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_start_copies_every_lab(course):
    assert bring_up_to_date(course / "labs", course / "work").new == ("01-concepts.ipynb",)
    assert source(course / "work" / "01-concepts.ipynb") == "answer = ..."


def test_what_the_learner_typed_survives_a_newer_lab(course):
    bring_up_to_date(course / "labs", course / "work")
    write(course / "work" / "01-concepts.ipynb", "answer = 42")
    write(course / "labs" / "01-concepts.ipynb", "better = ...")
    assert bring_up_to_date(course / "labs", course / "work").kept == ("01-concepts.ipynb",)
    assert source(course / "work" / "01-concepts.ipynb") == "answer = 42"


def test_a_lab_that_was_only_run_is_renewed(course):
    bring_up_to_date(course / "labs", course / "work")
    write(course / "work" / "01-concepts.ipynb", "answer = ...", output="what the cell printed")
    write(course / "labs" / "01-concepts.ipynb", "better = ...")
    assert bring_up_to_date(course / "labs", course / "work").renewed == ("01-concepts.ipynb",)
    assert source(course / "work" / "01-concepts.ipynb") == "better = ..."


def test_a_run_lab_keeps_its_outputs_while_the_course_has_none_newer(course):
    bring_up_to_date(course / "labs", course / "work")
    write(course / "work" / "01-concepts.ipynb", "answer = ...", output="what the cell printed")
    bring_up_to_date(course / "labs", course / "work")
    assert "what the cell printed" in (course / "work" / "01-concepts.ipynb").read_text(encoding="utf-8")


def test_without_its_memory_every_changed_copy_counts_as_the_learners(course):
    bring_up_to_date(course / "labs", course / "work")
    (course / "work" / ".copied.json").unlink()
    write(course / "labs" / "01-concepts.ipynb", "better = ...")
    assert bring_up_to_date(course / "labs", course / "work").kept == ("01-concepts.ipynb",)


def test_a_copy_that_is_no_notebook_any_more_is_the_learners(course):
    bring_up_to_date(course / "labs", course / "work")
    (course / "work" / "01-concepts.ipynb").write_text("{", encoding="utf-8")
    write(course / "labs" / "01-concepts.ipynb", "better = ...")
    assert bring_up_to_date(course / "labs", course / "work").kept == ("01-concepts.ipynb",)


def test_a_fresh_lab_keeps_the_old_one_beside_it(course):
    bring_up_to_date(course / "labs", course / "work")
    write(course / "work" / "01-concepts.ipynb", "answer = 42")
    copy, earlier = take_fresh(course / "labs", course / "work", "01")
    assert (source(copy), source(earlier)) == ("answer = ...", "answer = 42")
    assert bring_up_to_date(course / "labs", course / "work").kept == ()


def test_a_lab_is_found_by_number_and_by_slug(course):
    labs = list((course / "labs").glob("*.ipynb"))
    assert find_notebook(labs, "01") == find_notebook(labs, "01-concepts") == labs[0]
    with pytest.raises(CourseError, match="There are: 01-concepts"):
        find_notebook(labs, "77")


def test_a_folder_without_labs_says_what_makes_them(tmp_path):
    with pytest.raises(CourseError, match="rmqlab build"):
        bring_up_to_date(tmp_path, tmp_path / "work")


def test_the_course_is_found_from_a_folder_below_it(course, monkeypatch):
    below = course / "work" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert repository() == course


def test_jupyterlab_shows_the_learners_folder_alone_and_opens_the_lab(tmp_path):
    command = jupyter_command(tmp_path, "00-welcome.ipynb", browser=False, port=8890)
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={tmp_path}" in command
    assert "--LabApp.default_url=/lab/tree/00-welcome.ipynb" in command
    assert {"--no-browser", "--port=8890"} <= set(command)


def test_nobody_is_asked_about_news_and_the_users_own_settings_stay(monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/their/own")
    ours, theirs = jupyter.jupyter_environment()["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    settings = json.loads((Path(ours) / "labconfig" / "page_config.json").read_text(encoding="utf-8"))
    assert settings["disabledExtensions"] == {"@jupyterlab/apputils-extension:announcements": True}
    assert theirs == "/their/own"


def test_the_brokers_files_are_here_before_jupyterlab_starts(course, monkeypatch, capsys):
    order = []
    monkeypatch.setattr(jupyter, "find_java", lambda: order.append("java"))
    monkeypatch.setattr(jupyter, "ensure_jars", lambda: order.append("jars"))
    monkeypatch.setattr(jupyter, "_become", lambda _command, env, folder: order.append((env, folder)) or 0)
    write(course / "work" / "01-concepts.ipynb", "answer = 42")
    assert open_lab("01", fresh=True, browser=False) == 0
    assert order == ["java", "jars", (jupyter.jupyter_environment(), course / "work")]
    assert "What you had is in work/01-concepts.before-" in capsys.readouterr().out
