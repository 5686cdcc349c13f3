"""The two commands on a bare Python: rmqlab/__main__.py at the root."""

import ast
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
BOOTSTRAP = ROOT / "rmqlab" / "__main__.py"
BARE = getattr(sys, "_base_executable", sys.executable)


@pytest.fixture
def bootstrap(tmp_path, monkeypatch):
    """The bootstrap, on a clone whose path has spaces and letters beyond ASCII."""
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", BOOTSTRAP)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    clone = tmp_path / "Größe 課程"
    clone.mkdir()
    (clone / "pyproject.toml").write_text("[project]", encoding="utf-8")
    relative = module.PYTHON.relative_to(module.VENV)
    monkeypatch.setattr(module, "ROOT", clone)
    monkeypatch.setattr(module, "VENV", clone / ".venv")
    monkeypatch.setattr(module, "PYTHON", clone / ".venv" / relative)
    monkeypatch.setattr(module, "STAMP", clone / ".venv" / "rmqlab-installed")
    return module


@pytest.fixture
def done(bootstrap, monkeypatch):
    """What the bootstrap did, with venv and pip replaced by notes."""
    steps = []

    def create():
        steps.append("create")
        bootstrap.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        bootstrap.PYTHON.touch()
        bootstrap.STAMP.unlink(missing_ok=True)

    monkeypatch.setattr(bootstrap, "create", create)
    monkeypatch.setattr(bootstrap, "install", lambda: steps.append("install"))
    monkeypatch.setattr(bootstrap, "works", bootstrap.PYTHON.exists)
    monkeypatch.setattr(bootstrap, "hand_over", lambda arguments: steps.append(arguments) or 7)
    return steps


def test_it_uses_the_standard_library_alone():
    tree = ast.parse(BOOTSTRAP.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_a_python_too_old_for_the_package_can_still_read_it():
    ast.parse(BOOTSTRAP.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_its_folder_is_no_package_and_does_not_shadow_the_installed_one():
    assert [path.name for path in BOOTSTRAP.parent.glob("*.py")] == ["__main__.py"]
    code = "import rmqlab, sys; sys.exit(not rmqlab.__file__)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_bare_python_finds_it_and_the_environment_finds_the_package():
    code = "import importlib.util as u; print(bool(u.find_spec('rmqlab.cli')))"
    bare = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    found = [
        subprocess.run([python, "-c", code], cwd=ROOT, env=bare, capture_output=True, text=True, check=True)
        for python in (BARE, sys.executable)
    ]
    assert [each.stdout.strip() for each in found] == ["False", "True"]


def test_the_first_start_makes_the_environment_and_runs_the_command(bootstrap, done):
    assert bootstrap.main(["lab", "--port", "8890"]) == 7
    assert done == ["create", "install", ["lab", "--port", "8890"]]


def test_a_second_start_installs_nothing(bootstrap, done):
    bootstrap.main(["ps"])
    done.clear()
    bootstrap.main(["ps"])
    assert done == [["ps"]]


def test_env_runs_no_command(bootstrap, done, capsys):
    assert bootstrap.main(["env"]) == 0
    assert done == ["create", "install"]
    assert "To enter it" in capsys.readouterr().out


def test_a_changed_pyproject_is_installed_into_the_same_environment(bootstrap, done):
    bootstrap.main(["env"])
    done.clear()
    (bootstrap.ROOT / "pyproject.toml").write_text("[project]  # changed", encoding="utf-8")
    bootstrap.main(["env"])
    assert done == ["install"]


def test_an_interrupted_install_is_made_anew(bootstrap, done, monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    whole = bootstrap.install
    monkeypatch.setattr(bootstrap, "install", interrupted)
    assert bootstrap.main(["lab"]) == 130
    monkeypatch.setattr(bootstrap, "install", whole)
    done.clear()
    assert bootstrap.main(["env"]) == 0
    assert done == ["create", "install"]
    assert "interrupted" in capsys.readouterr().err


def test_a_moved_clone_gets_a_new_environment(bootstrap, done, monkeypatch):
    bootstrap.main(["env"])
    done.clear()
    moved = bootstrap.ROOT.rename(bootstrap.ROOT.with_name("moved"))
    for name in ("VENV", "PYTHON", "STAMP"):
        monkeypatch.setattr(bootstrap, name, moved / getattr(bootstrap, name).relative_to(bootstrap.ROOT))
    monkeypatch.setattr(bootstrap, "ROOT", moved)
    bootstrap.main(["env"])
    assert done == ["create", "install"]


def test_an_environment_that_its_user_made_is_installed_into_and_kept(bootstrap, done):
    bootstrap.PYTHON.parent.mkdir(parents=True)
    bootstrap.PYTHON.touch()
    bootstrap.main(["env"])
    assert done == ["install"]


def test_a_python_below_3_11_gets_one_sentence(bootstrap, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 1, "final", 0))
    assert bootstrap.main(["lab"]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "Python 3.11 or newer is needed" in told
    assert "3.9.1" in told


def test_a_python_without_ensurepip_gets_the_package_to_install(bootstrap, monkeypatch, capsys):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        bootstrap.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else real(name)
    )
    assert bootstrap.main(["lab"]) == 1
    assert "sudo apt install python3-venv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("complaint", "told"),
    [
        ("WARNING: Retrying (Retry(total=1)) after connection broken", "Connect to a network"),
        ("OSError: [Errno 28] No space left on device", "disk"),
        ("ERROR: resolution impossible", "resolution impossible"),
    ],
)
def test_what_stops_pip_is_put_in_words(bootstrap, monkeypatch, capsys, complaint, told):
    pip = [sys.executable, "-c", f"import sys; sys.stderr.write({complaint!r}); sys.exit(1)"]
    start = subprocess.Popen
    bootstrap.PYTHON.parent.mkdir(parents=True)
    bootstrap.PYTHON.touch()
    monkeypatch.setattr(bootstrap, "works", lambda: True)
    monkeypatch.setattr(bootstrap.subprocess, "Popen", lambda _command, **options: start(pip, **options))
    assert bootstrap.main(["lab"]) == 1
    assert told in capsys.readouterr().err
    assert not bootstrap.STAMP.exists()  # pip gave up in good order: the next start goes on from here


def test_a_damaged_environment_is_not_repaired_for_ever(bootstrap, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.sys, "prefix", str(bootstrap.VENV))
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setenv(bootstrap.GUARD, "1")
    assert bootstrap.main(["lab"]) == 1
    assert "Delete that folder" in capsys.readouterr().err


def test_a_second_start_costs_under_a_third_of_a_second(bootstrap, done):
    bootstrap.main(["env"])
    started = time.process_time()  # not the clock's: others run on this machine
    bootstrap.main(["ps"])
    assert time.process_time() - started < 0.3
