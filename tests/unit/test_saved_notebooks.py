"""What is saved of a learner's notebook."""

from __future__ import annotations

import pytest
from jupyter_server.serverapp import ServerApp

from rmqlab import jupyter
from rmqlab.saved_notebooks import before_saving

pytestmark = pytest.mark.unit
LIVE = "application/vnd.jupyter.widget-view+json"


def saved(*outputs):
    cell = {
        "cell_type": "code",
        "outputs": [{"output_type": "display_data", "data": dict(each)} for each in outputs],
    }
    model = {"type": "notebook", "content": {"cells": [{"cell_type": "markdown"}, cell]}}
    before_saving(model=model, path="lab.ipynb", contents_manager=None)
    return [output["data"] for output in cell["outputs"]]


def test_a_picture_is_saved_without_its_live_view():
    assert saved({LIVE: {"model_id": "1"}, "image/svg+xml": "<svg/>"}) == [{"image/svg+xml": "<svg/>"}]


def test_other_peoples_widgets_stay():
    slider = {LIVE: {"model_id": "1"}, "text/plain": "IntSlider()"}
    assert saved(slider) == [slider]


@pytest.mark.parametrize(
    "model", [{"type": "file", "content": "x"}, {"type": "notebook", "content": None}, {"type": "directory"}]
)
def test_what_is_no_notebook_is_left_alone(model):
    before = dict(model)
    before_saving(model=model, path="x", contents_manager=None)
    assert model == before


def test_the_server_of_rmqlab_lab_calls_it(monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", jupyter.jupyter_environment()["JUPYTER_CONFIG_PATH"])
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    app = ServerApp()
    app.load_config_file()
    assert app.config.FileContentsManager.pre_save_hook is before_saving
