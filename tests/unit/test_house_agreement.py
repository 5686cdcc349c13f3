"""What the documents, the metadata and the code say about the same thing agrees."""

import inspect
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

import rmqlab
from rmqlab import errors
from rmqlab.cli import app
from rmqlab.quality import SUITES, static_steps

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "course/README.md",
    *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
]
LINES_A_FILE = 310  # "about 300"
FORBIDDEN_MODULES = {"utils", "misc", "helpers", "common", "manager"}
LOCKS_OF_INSTALLERS = {"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "conda-lock.yml", "pylock.toml"}
MENTIONS_OF_REGISTRIES = re.compile(
    r"--(?:extra-)?index-url[ =]\S+|https?://[^\s\"'`)]*(?:artifactory|nexus|jfrog|/simple\b|mirrors?\.)",
    re.IGNORECASE,
)


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def tracked():
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


def commands():
    command = typer.main.get_command(app)
    return set(command.commands)


def requirement_name(requirement):
    return re.match(r"[\w.-]+", requirement)[0]


def section(document, heading):
    return read(document).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def first_cells(table):
    rows = re.findall(r"^\| `?([\w.-]+)`? \|", table, re.MULTILINE)
    return set(rows) - {"---", "name", "package", "variable"}


def test_the_tree_in_errors_py_is_the_tree_of_its_classes():
    drawn, path = set(), []
    for line in errors.__doc__.splitlines():
        found = re.match(r"([ │├└─]*)(\w+Error)\b", line)
        if found:
            depth = (len(found[1]) - 4) // 4
            path = [*path[:depth], found[2]]
            drawn.add((found[2], path[-2] if depth else "Exception"))
    classes = inspect.getmembers(
        errors, lambda member: inspect.isclass(member) and member.__module__ == errors.__name__
    )
    assert drawn == {(name, each.__bases__[0].__name__) for name, each in classes}


def test_every_error_says_what_it_is_for():
    assert all(each.__doc__ for name, each in vars(errors).items() if name.endswith("Error"))


def test_every_error_has_its_place_in_troubleshooting():
    text = read("docs/troubleshooting.md")
    classes = {name for name in vars(errors) if name.endswith("Error")} - {"RmqLabError"}
    assert {name for name in classes if name not in text} == set()


def test_the_public_names_are_there_and_documented():
    assert all(getattr(rmqlab, name) for name in rmqlab.__all__)
    assert first_cells(section("docs/architecture.md", "Public names").partition("Errors:")[0]) == set(
        rmqlab.__all__
    )


def test_every_environment_variable_is_documented():
    used = set()
    for path in (ROOT / "src").rglob("*.py"):
        used |= set(re.findall(r"\"(RMQLAB_[A-Z_]+)\"", path.read_text(encoding="utf-8")))
    documented = set(re.findall(r"`(RMQLAB_[A-Z_]+)`", section("docs/architecture.md", "Public names")))
    assert used - {"RMQLAB_FAILED_STEPS"} == documented


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_in_a_document_exist(document):
    named = re.findall(r"(?:python -m |[`(]|^ {4,})rmqlab ([a-z]+)", read(document), re.MULTILINE)
    assert set(named) <= commands()


def test_every_command_of_a_learner_is_in_a_document():
    text = "".join(read(document) for document in DOCUMENTS)
    assert {
        name for name in commands() if f"rmqlab {name}" not in text and f"make {name}" not in text
    } == set()


def test_every_target_of_make_wraps_a_command():
    makefile = read("Makefile")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE)) - {"help", "clean"}
    called = set(re.findall(r"-m rmqlab (\w+)", makefile))
    assert targets <= called <= commands()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_within_the_repository_lead_somewhere(document):
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", read(document))
    assert [link for link in links if not ((ROOT / document).parent / link).exists()] == []


def test_every_dependency_has_a_reason():
    project = PROJECT["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    declared = {requirement_name(each) for group in groups for each in group}
    assert first_cells(section("docs/architecture.md", "Dependencies")) == declared


def test_dependencies_are_in_order_and_bounded():
    project = PROJECT["project"]
    for group in [project["dependencies"], *project["optional-dependencies"].values()]:
        assert group == sorted(group, key=lambda each: requirement_name(each).lower())
        assert all(re.search(r"[=><]", each) for each in group)


def test_conda_installs_what_pyproject_says():
    described = yaml.safe_load(read("environment.yml"))
    plain = [each for each in described["dependencies"] if isinstance(each, str)]
    (pip,) = [each["pip"] for each in described["dependencies"] if isinstance(each, dict)]
    extras = ",".join(PROJECT["project"]["optional-dependencies"])
    assert pip == [f"--editable .[{extras}]"]
    assert plain == [f"python{PROJECT['project']['requires-python']}", "pip"]


def test_the_bootstrap_installs_the_same():
    extras = ",".join(PROJECT["project"]["optional-dependencies"])
    bootstrap = read("rmqlab/__main__.py")
    oldest = PROJECT["project"]["requires-python"].removeprefix(">=").replace(".", ", ")
    assert f'"[{extras}]"' in bootstrap
    assert f"OLDEST = ({oldest})" in bootstrap


def test_no_file_is_too_long_to_read():
    paths = [
        path for folder in ("src", "tests", "nbtests", "rmqlab") for path in (ROOT / folder).rglob("*.py")
    ]
    lengths = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in paths}
    assert {path: count for path, count in lengths.items() if count > LINES_A_FILE} == {}


def test_every_module_has_a_name_that_says_something():
    assert {path for path in (ROOT / "src").rglob("*.py") if path.stem in FORBIDDEN_MODULES} == set()


def test_every_module_says_what_it_is_for():
    modules = list((ROOT / "src").rglob("*.py"))
    assert [path for path in modules if not path.read_text(encoding="utf-8").lstrip().startswith('"""')] == []


def test_test_files_have_names_of_their_own():
    names = [path.name for folder in ("tests", "nbtests") for path in (ROOT / folder).rglob("test_*.py")]
    assert len(names) == len(set(names))


def test_every_test_file_has_exactly_one_kind():
    kinds = {marker.partition(":")[0] for marker in PROJECT["tool"]["pytest"]["ini_options"]["markers"]}
    found = re.compile(rf"^pytestmark = .*pytest\.mark\.({'|'.join(kinds)})\b", re.MULTILINE)
    paths = [path for folder in ("tests", "nbtests") for path in (ROOT / folder).rglob("test_*.py")]
    texts = {path.name: path.read_text(encoding="utf-8") for path in paths}
    with_tests = {name: text for name, text in texts.items() if "\ndef test_" in text}
    assert [name for name, text in with_tests.items() if len(found.findall(text)) != 1] == []


def test_nothing_names_a_registry_or_locks_an_installer():
    named = {}
    for name in tracked():
        assert Path(name).name not in LOCKS_OF_INSTALLERS
        try:
            found = MENTIONS_OF_REGISTRIES.findall(read(name))
        except UnicodeDecodeError:
            continue  # a picture
        if found:
            named[name] = found
    named.pop("tests/unit/test_house_agreement.py", None)
    assert named == {}


def test_what_ci_runs_is_all_there():
    assert {path.split("/")[0] for path in SUITES} == set(
        PROJECT["tool"]["pytest"]["ini_options"]["testpaths"]
    )
    assert all((ROOT / suite).is_dir() for suite in SUITES)
    assert list(static_steps()) == ["ruff check", "ruff format", "import layers", "generated notebooks"]
