"""A JupyterLab of the tests' own, and a page in a headless Chromium that drives it as a learner would."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING

import nbformat
from nbformat.reader import NotJSONError

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

START_S = 90.0
MS = 1000
_SETTINGS = {
    # Nothing over the page, and every cell in it whether or not it is in sight.
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}


class JupyterLab:
    """A server on a free port, over a folder of its own, with settings of its own.

    `module`: what is started: `jupyterlab`, or `notebook` for Notebook 7.
    """

    def __init__(self, place: Path, module: str = "jupyterlab") -> None:
        self.folder = place / "notebooks"
        self.folder.mkdir()
        self._token = secrets.token_hex(16)
        self._port = _free_port()
        self._log = place / "jupyter.log"
        for name, values in _SETTINGS.items():
            path = place / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))
        own = {
            "JUPYTER_CONFIG_DIR": place / "config",
            "JUPYTER_RUNTIME_DIR": place / "runtime",
            "JUPYTERLAB_SETTINGS_DIR": place / "settings",
            "JUPYTERLAB_WORKSPACES_DIR": place / "workspaces",
            "JUPYTER_PREFER_ENV_PATH": "1",
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", module, "--no-browser", "--allow-root"),
                    *("--ip=127.0.0.1", f"--port={self._port}", "--ServerApp.port_retries=0"),
                    *(f"--IdentityProvider.token={self._token}", f"--ServerApp.root_dir={self.folder}"),
                    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {name: str(value) for name, value in own.items()},
                start_new_session=True,
            )

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self._port}/{path}?token={self._token}"

    def wait(self) -> None:
        """Wait until the server answers."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self._log.read_text()[-2000:]
            try:
                with urllib.request.urlopen(self.address("api/status"), timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"JupyterLab did not answer in {START_S:g} s:\n{self._log.read_text()[-2000:]}")

    def kernels(self, name: str) -> list[dict]:
        """Return the kernels of a notebook as the server describes them: none, or one."""
        with urllib.request.urlopen(self.address("api/sessions"), timeout=20) as answer:
            return [session["kernel"] for session in json.load(answer) if session["path"] == name]

    def has_kernel_with_page(self, name: str) -> bool:
        return any(kernel["connections"] for kernel in self.kernels(name))

    def write(self, name: str, *cells: str) -> str:
        """Write a notebook of those code cells; return its name."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(notebook, self.folder / name)
        return name

    def copy(self, path: Path) -> str:
        """Copy a notebook into the server's folder, without any outputs; return its name."""
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, self.folder / path.name)
        return path.name

    def read(self, name: str) -> nbformat.NotebookNode:
        """Return a notebook as it was saved."""
        return nbformat.read(self.folder / name, as_version=4)

    def stop(self) -> None:
        """End the server, which ends its kernels."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)


def errors_of(page):
    """Return a list that fills with what goes wrong in a page from now on.

    Left out is what Chromium drops when the machine's network changes: other tests make Docker networks.
    """
    errors = []

    def note(said):
        if said.type == "error" and "net::ERR_NETWORK_CHANGED" not in said.text:
            errors.append(f"{said.text} ({said.location})")

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors


class NotebookPage:
    """A notebook that is open in the browser: in JupyterLab, or in Notebook 7 (`front_end="notebooks"`)."""

    def __init__(self, page: Page, lab: JupyterLab, name: str, front_end: str = "lab/tree") -> None:
        self.page = page
        self._lab = lab
        self.name = name
        page.goto(lab.address(f"{front_end}/{name}") + "&reset")  # without the tabs of the test before
        self._panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        self._panel.locator(".jp-Notebook").wait_for(timeout=START_S * MS)
        # Whoever asks a page for a run before it has its kernel is asked in a dialog which one to take.
        deadline = time.monotonic() + START_S
        while not lab.has_kernel_with_page(name):
            assert time.monotonic() < deadline, "the page has not reached its kernel"
            page.wait_for_timeout(100)
        page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=START_S * MS)

    def run_all(self) -> None:
        """Run all cells; return when the first one has begun."""
        first = self._prompts().first
        deadline = time.monotonic() + START_S
        while first.inner_text().strip() == "[ ]:":
            assert time.monotonic() < deadline, "the kernel takes no cells"
            # What is asked before the page has reached its kernel is dropped without a word: ask again.
            self.page.get_by_role("menuitem", name="Run", exact=True).click()
            self.page.get_by_text("Run All Cells", exact=True).click()
            self.page.wait_for_timeout(500)

    def run_cell(self, number: int, timeout_s: float) -> None:
        """Run one code cell, counted from 0, and wait until it has run."""
        cell = self._panel.locator(".jp-CodeCell").nth(number)
        prompt = cell.locator(".jp-InputArea-prompt")
        deadline = time.monotonic() + timeout_s
        while prompt.inner_text().strip() == "[ ]:":
            assert time.monotonic() < deadline, "the kernel takes no cell"
            cell.locator(".cm-content").click()
            self.page.keyboard.press("Control+Enter")
            self.page.wait_for_timeout(500)
        while not re.fullmatch(r"\[\d+\]:", prompt.inner_text().strip()):
            assert time.monotonic() < deadline, f"cell {number} has not run after {timeout_s} s"
            self.page.wait_for_timeout(100)

    def has_run(self) -> bool:
        """Whether every code cell has its number."""
        return all(re.fullmatch(r"\[\d+\]:", text.strip()) for text in self._prompts().all_inner_texts())

    def wait_until_run(self, timeout_s: float) -> None:
        """Wait until every code cell has its number."""
        deadline = time.monotonic() + timeout_s
        while not self.has_run():
            assert time.monotonic() < deadline, self._prompts().all_inner_texts()
            self.page.wait_for_timeout(100)

    def _prompts(self) -> Locator:
        return self._panel.locator(".jp-CodeCell .jp-InputArea-prompt")

    def pictures(self, title: str = "") -> Locator:
        """Return the live pictures whose title begins so."""
        return self._panel.locator(f'.rmqlab-view svg[aria-label^="{title}"]')

    def saved(self) -> nbformat.NotebookNode:
        """Save, and return what was saved."""
        path = self._lab.folder / self.name
        before = path.stat().st_mtime_ns
        self.page.get_by_role("menuitem", name="File", exact=True).click()
        self.page.get_by_text(re.compile("^Save Notebook$")).click()
        deadline = time.monotonic() + START_S
        while True:
            if path.stat().st_mtime_ns != before:
                with contextlib.suppress(NotJSONError):  # half written
                    return self._lab.read(self.name)
            assert time.monotonic() < deadline, "the notebook was not saved"
            self.page.wait_for_timeout(50)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
