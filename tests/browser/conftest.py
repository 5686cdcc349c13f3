"""One JupyterLab and one Chromium for all browser tests; a JavaScript error fails the test that sees it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from jupyterlab import JupyterLab, NotebookPage, errors_of
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parents[2] / "docs" / "images"
KEEP = "RMQLAB_KEEP_SCREENSHOTS"
"""Set it to renew the pictures of the README; else screenshots go to pytest's folder."""


@pytest.fixture(scope="session")
def chromium():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.fail(
            "No Chromium on the PATH: install your system's package (Debian: apt-get install chromium)."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory):
    lab = JupyterLab(tmp_path_factory.mktemp("jupyterlab"))
    try:
        lab.wait()
        yield lab
    finally:
        lab.stop()


@pytest.fixture
def page(chromium, tmp_path):
    """A page whose test fails on an error in the console."""
    page = chromium.new_page(viewport={"width": 1280, "height": 1500})
    errors = errors_of(page)
    yield page
    page.screenshot(path=tmp_path / "at-the-end.png")  # what a failed test saw last
    page.close()
    assert errors == []


@pytest.fixture
def open_notebook(page, jupyterlab):
    return lambda name: NotebookPage(page, jupyterlab, name)


@pytest.fixture
def screenshot(tmp_path):
    """Return a function that stores a screenshot of a page or of a part of it, as the README shows it."""
    folder = IMAGES if os.environ.get(KEEP) else tmp_path

    def take(what, name):
        folder.mkdir(exist_ok=True)
        what.screenshot(path=folder / name, animations="disabled")
        assert (folder / name).stat().st_size > 5000

    return take
