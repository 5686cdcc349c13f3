"""A campaign does what is not in its file yet; its table says what was promised and what was seen."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest
from chaos_hand_made import a_run
from rich.console import Console
from typer.testing import CliRunner

from rmqlab.chaos import HAZARDS, RECIPES, matrix, read_runs
from rmqlab.chaos.campaign import play
from rmqlab.chaos.picture import draw_matrix, draw_timeline
from rmqlab.chaos.report import html, markdown
from rmqlab.chaos.session import report_on
from rmqlab.cli import app
from rmqlab.errors import ChaosError

pytestmark = pytest.mark.unit

PAIR = ("kill-master", "pause")


class Stages:
    """Clusters that are never started, and trials that are made up."""

    def __init__(self, *, spoils=()):
        self.begun = []
        self.done = []
        self._spoils = spoils

    @contextmanager
    def begin(self, recipe, hazards):
        self.begun.append((recipe.name, hazards))
        yield SimpleNamespace(recipe=recipe, whole=True)

    def do(self, stage, hazard, *, seed, number):
        self.done.append((stage.recipe.name, hazard.name, number))
        stage.whole = hazard.name not in self._spoils
        return a_run(stage.recipe.name, hazard.name, seed=seed, number=number)


def played(stages, out=None, runs=2, recipes=("default", "full")):
    return play(
        [RECIPES[name] for name in recipes],
        PAIR,
        [*range(runs)],
        a_run("", ""),
        out,
        lambda _: None,
        stages.begin,
        stages.do,
    )


def test_one_cluster_serves_all_runs_of_a_recipe():
    stages = Stages()
    assert len(played(stages)) == 8
    assert stages.begun == [("default", PAIR), ("full", PAIR)]


def test_a_cluster_that_is_no_longer_whole_is_replaced_for_the_next_run():
    stages = Stages(spoils=["kill-master"])
    played(stages, recipes=("default",))
    assert stages.done == [
        (*each, number) for number in (0, 1) for each in [("default", name) for name in PAIR]
    ]
    assert len(stages.begun) == 3


def test_what_the_file_has_is_not_run_again_and_the_rest_is_added(tmp_path):
    out = tmp_path / "runs.jsonl"
    played(Stages(), out, runs=1)
    again = Stages()
    assert len(played(again, out, runs=2)) == 8
    assert {number for *_, number in again.done} == {1}
    assert len(read_runs(out)) == 8
    nothing = Stages()
    played(nothing, out, runs=2)
    assert nothing.begun == []


def test_a_void_run_is_tried_again(tmp_path):
    out = tmp_path / "runs.jsonl"
    out.write_text(a_run("default", void="nothing happened").to_json() + "\n", encoding="utf-8")
    stages = Stages()
    played(stages, out, runs=1, recipes=("default",))
    assert stages.done == [("default", name, 0) for name in PAIR]


def test_a_run_is_a_line_and_comes_back_as_it_was(tmp_path):
    out = tmp_path / "runs.jsonl"
    run = a_run(lost=3, receives_stalled_s=None)
    out.write_text(run.to_json() + "\n" + run.to_json()[:40], encoding="utf-8")  # cut off by a kill
    assert read_runs(out) == (run,)


def test_a_file_that_is_none_is_told_with_its_line(tmp_path):
    out = tmp_path / "runs.jsonl"
    out.write_text('{"recipe": "full"}\n', encoding="utf-8")
    with pytest.raises(ChaosError, match=r"line 1, is no run"):
        read_runs(out)
    with pytest.raises(ChaosError, match="cannot be read"):
        read_runs(tmp_path / "none.jsonl")


def test_a_cell_says_whether_the_promise_was_kept():
    table = matrix([a_run(), a_run(number=1), a_run("default", "power-loss", lost=5), a_run("default")])
    kept, weak = table.cell("full", "kill-master"), table.cell("default", "power-loss")
    assert (kept.verdict, kept.promised, kept.acknowledged, kept.lost) == ("kept", True, 1980, 0)
    assert (weak.verdict, weak.promised, weak.lost, weak.runs_with_loss) == ("lost", False, 5, 1)
    assert table.cell("full", "power-loss").verdict == "not run"
    assert table.broken == ()
    assert table.summary == (
        "acknowledged and lost: 0 of 2,970 in 3 runs under a promise, 5 of 990 in 1 run without one."
    )


def test_a_void_run_counts_for_nothing_and_is_never_green():
    table = matrix([a_run(void="no send was under way", lost=3)])
    assert table.cell("full", "kill-master").verdict == "void"
    assert table.cell("full", "kill-master").why == "no send was under way"
    assert table.broken == ()
    assert "0 in 0 runs under a promise" in table.summary
    assert "1 run void" in table.summary


def test_what_cannot_be_tried_says_why():
    cell = matrix([a_run("default", "cut-replica", impossible="there is no replica")]).cell(
        "default", "cut-replica"
    )
    assert (cell.verdict, cell.why) == ("impossible", "there is no replica")


def every_cell():
    return [a_run(recipe, hazard, lost=int(recipe == "default")) for recipe in RECIPES for hazard in HAZARDS]


def test_the_picture_of_the_table_says_in_signs_and_words_what_its_colours_say():
    runs = [a_run(), a_run("default", "power-loss", lost=5), a_run("default", void="nothing happened")]
    drawing = draw_matrix(matrix(runs))
    ET.fromstring(drawing.svg)
    assert "✕ 5" in drawing.svg
    assert "in 1/1" in drawing.svg
    assert drawing.rows[0] == ("default", "∅ void", "✕ lost 5 in 1/1 (no promise)")
    assert drawing.rows[1] == ("full", "✔ kept", "· not run")
    shown = matrix(runs)._repr_mimebundle_()
    assert shown["image/svg+xml"] == drawing.svg
    assert "max-width:100%" in shown["text/html"]  # an image: a notebook that is not trusted shows it too


def test_all_recipes_and_faults_fit_in_the_picture():
    drawing = draw_matrix(matrix(every_cell()))
    width = float(ET.fromstring(drawing.svg).get("width"))
    assert width < 1000
    assert len(drawing.rows) == len(RECIPES)


def test_a_timeline_shows_when_the_fault_was_and_what_came_of_it():
    drawing = draw_timeline(a_run(lost=2))
    ET.fromstring(drawing.svg)
    assert "2 of them lost" in drawing.title
    assert drawing.rows == (("1.0 s", "2.0 s", "990", "2"),)


def test_a_report_says_what_was_promised_what_was_seen_and_how_to_repeat_it():
    runs = [a_run(), a_run("default", "power-loss", lost=5)]
    text = markdown(runs)
    assert "rmqlab chaos full --faults kill-master --runs 1 --seed 7 --backend process" in text
    assert "| kill-master | yes | 1 | 990 | 0 |" in text
    assert "| power-loss | no: SEND_OK is answered from memory" in text
    assert text.strip().splitlines()[-1] == matrix(runs).summary
    page = html(runs)
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert page.count("<svg") == 3
    assert "kill-master took effect." in page


@pytest.mark.parametrize(
    ("run", "code", "said"),
    [
        (a_run(), 0, "acknowledged and lost: 0 of 990"),
        (a_run(lost=1), 1, "A PROMISE WAS BROKEN"),
        (a_run("default", "power-loss", lost=5), 0, "5 of 990 in 1 run without one"),
        (a_run(effects_twice=1), 1, "1 effects did not happen exactly once"),
        (a_run(lost=1, void="nothing happened"), 0, "1 run void"),
    ],
    ids=["kept", "broken", "weak", "effects", "void"],
)
def test_the_exit_code_says_whether_promises_were_kept(tmp_path, run, code, said):
    out = tmp_path / "runs.jsonl"
    out.write_text(run.to_json() + "\n", encoding="utf-8")
    console = Console(record=True, width=200)
    assert report_on(out, console) == code
    assert said in console.export_text()
    assert (tmp_path / "runs.md").exists()
    assert (tmp_path / "runs.html").exists()


def test_a_seed_settles_the_name_of_a_run():
    assert a_run().name != replace(a_run(), seed=8).name
    assert a_run().name == replace(a_run(), lost=5).name


def test_without_a_recipe_the_command_lists_all():
    said = CliRunner().invoke(app, ["chaos"], env={"COLUMNS": "200"})
    assert said.exit_code == 0
