"""The same picture elsewhere: in Notebook 7, in an exported page without any network, without its kernel."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import nbformat
import pytest
from jupyterlab import JupyterLab, NotebookPage
from nbconvert import HTMLExporter
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
REPOSITORY = Path(__file__).parents[2]
MS = 1000
SLOW_MS = 40 * MS

LOOK = """
from rmqlab.cluster import attach
from rmqlab.views import show
cluster = attach("tests")
show("map", cluster)
"""


@pytest.fixture
def looked_at(cluster, jupyterlab):
    """The name of a notebook that shows the map of the session's cluster."""
    return jupyterlab.write("elsewhere.ipynb", LOOK)


@pytest.fixture
def notebook_7(tmp_path):
    server = JupyterLab(tmp_path, module="notebook")
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def test_notebook_7_shows_the_picture_live_and_does_what_is_clicked(cluster, chromium, notebook_7):
    page = chromium.new_page(viewport={"width": 1280, "height": 900})  # its console has errors of its own
    notebook = NotebookPage(page, notebook_7, notebook_7.write("seven.ipynb", LOOK), front_end="notebooks")
    notebook.run_all()
    nodes = notebook.pictures("Cluster tests")
    expect(nodes).to_be_visible(timeout=SLOW_MS)
    nodes.locator("[data-action=hold]").click()
    expect(nodes.locator("[data-id=badge]")).to_contain_text("held", timeout=SLOW_MS)
    page.close()


def test_a_picture_whose_kernel_is_gone_does_not_say_that_it_is_live(looked_at, page, jupyterlab):
    notebook = NotebookPage(page, jupyterlab, looked_at)
    notebook.run_all()
    nodes = notebook.pictures("Cluster tests")
    expect(nodes.locator("[data-id=badge]")).to_contain_text("live", timeout=SLOW_MS)
    away = page.locator(".rmqlab-away")
    expect(away).to_be_hidden()

    (kernel,) = jupyterlab.kernels(looked_at)
    request = urllib.request.Request(jupyterlab.address(f"api/kernels/{kernel['id']}/restart"), method="POST")
    urllib.request.urlopen(request, timeout=60).close()
    expect(away).to_be_visible(timeout=SLOW_MS)
    expect(away).to_contain_text("Not live")
    expect(nodes.locator("[data-id=badge]")).to_be_hidden()
    expect(nodes.locator('[data-id="n-broker-a"]')).to_be_visible()  # what was seen last


def exported(notebook, folder):
    """Export a notebook to a page, by nbconvert as it is."""
    body, _ = HTMLExporter().from_notebook_node(notebook)
    path = folder / "exported.html"
    path.write_text(body, encoding="utf-8")
    return path


def images_without_network(chromium, path):
    """Return how wide the pictures of a page are, opened where there is no network."""
    context = chromium.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(path.as_uri())
    images = page.locator('img[src^="data:image/svg+xml"]')
    for image in images.all():
        image.evaluate("each => each.decode()")
    widths = images.evaluate_all("all => all.map(each => each.naturalWidth)")
    shown = images.evaluate_all("all => all.map(each => each.getBoundingClientRect().width)")
    context.close()
    assert all(width > 100 for width in shown)
    return widths


def pictures_of(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return [output for output in outputs if "image/svg+xml" in output.get("data", {})]


@pytest.mark.parametrize("name", ["00-welcome", "01-concepts", "02-send-modes"])
def test_a_solution_exported_to_html_has_its_pictures_without_any_network(chromium, tmp_path, name):
    notebook = nbformat.read(REPOSITORY / "solutions" / f"{name}.ipynb", as_version=4)
    widths = images_without_network(chromium, exported(notebook, tmp_path))
    assert len(widths) == len(pictures_of(notebook)) > 0
    assert min(widths) > 500


def test_a_notebook_saved_with_a_live_view_and_exported_has_its_picture(
    looked_at, page, jupyterlab, chromium, tmp_path
):
    notebook = NotebookPage(page, jupyterlab, looked_at)
    notebook.run_all()
    notebook.wait_until_run(60)
    expect(notebook.pictures("Cluster tests")).to_be_visible(timeout=SLOW_MS)
    saved = notebook.saved()
    assert len(pictures_of(saved)) == 1
    assert min(images_without_network(chromium, exported(saved, tmp_path))) > 500
