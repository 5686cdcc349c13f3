"""How `rocketmq.ffi` finds its library: in any process, for that import only, at no cost to others."""

# Imports stand where they are needed: unit tests pay for no JVM, and the import itself is under test.
# ruff: noqa: PLC0415

import ast
import importlib.util
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

COST_S = 0.005


def run(code, *options, **environment):
    done = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(code)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def classic_source(name):
    return Path(importlib.util.find_spec("rocketmq").origin).with_name(name)


def functions_named_in_ffi():
    """Every attribute of `dll` in ffi.py, and GetLatestErrorMessage with them: 70 C functions."""
    tree = ast.parse(classic_source("ffi.py").read_text())
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "dll"
    }


def test_every_c_function_that_the_package_names_is_there_and_no_other():
    from rmqlab.client.librocketmq import load

    assert set(vars(load())) == functions_named_in_ffi()
    assert len(functions_named_in_ffi()) == 70


def test_a_script_that_never_heard_of_rmqlab_imports_the_package():
    code, out, err = run("from rocketmq.client import Producer, Message; print(Producer.__module__)")
    assert (code, out, err) == (0, "rocketmq.client", "")


def test_the_package_is_executed_from_its_own_unmodified_file():
    code, out, _ = run("import rocketmq.ffi, sys; print(rocketmq.ffi.__file__)")
    assert (code, out) == (0, str(classic_source("ffi.py")))


def test_importing_the_package_changes_no_other_module():
    code, out, err = run("""
        import builtins, ctypes, ctypes.util, sys
        before = [dict(vars(m)) for m in (builtins, ctypes, ctypes.util)], sys.platform
        import rocketmq.client
        assert ([dict(vars(m)) for m in (builtins, ctypes, ctypes.util)], sys.platform) == before
        assert ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 3)() == 3
        import rocketmq.ffi
        assert rocketmq.ffi.sys is sys
    """)
    assert (code, out, err) == (0, "", "")


def test_a_native_library_serves_only_on_request():
    code, _, err = run("import rocketmq.client", RMQLAB_CLIENT="native")
    if importlib.util.find_spec("ctypes.util") and __import__("ctypes.util").util.find_library("rocketmq"):
        assert code == 0
    else:
        assert code != 0
        assert "rocketmq dynamic library not found" in err


def test_the_doctors_line_says_who_provides():
    code, out, _ = run("import rmqlab.client; print(rmqlab.client.provider())")
    assert (code, out) == (0, "rocketmq-client-python 2.0.0 over the Java client 5.4.0")
    code, out, _ = run("import rmqlab.client; print(rmqlab.client.provider())", RMQLAB_CLIENT="native")
    assert code == 0
    assert "native" in out


def test_it_imports_where_the_platform_reads_windows():
    code, out, err = run("""
        import importlib.machinery, sys
        finder = next(f for f in sys.meta_path if getattr(f, "__name__", "") == "ClassicFinder")
        import rocketmq, ctypes, ctypes.util, rmqlab.client.librocketmq
        sys.platform = "win32"
        import rocketmq.ffi
        assert sys.platform == "win32"
        print(rocketmq.ffi._DYLIB_SUFFIX, len(vars(rocketmq.ffi.dll)))
    """)
    assert (code, out, err) == (0, ".so 70", "")


def test_ten_threads_that_import_it_at_once_get_one_library():
    code, out, err = run("""
        import threading
        found = []
        def load():
            import rocketmq.ffi
            found.append(id(rocketmq.ffi.dll))
        threads = [threading.Thread(target=load) for _ in range(10)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        print(len(found), len(set(found)))
    """)
    assert (code, out, err) == (0, "10 1", "")


def test_a_process_that_never_uses_it_pays_less_than_five_milliseconds():
    """By the interpreter's own import clock, the best of five starts: a busy machine only adds to it."""
    costs = []
    for _ in range(5):
        code, _, err = run("pass", "-X", "importtime")
        assert code == 0
        (line,) = [line for line in err.splitlines() if line.endswith("_rmqlab_finder")]
        costs.append(int(line.split("|")[1]) / 1e6)
    assert min(costs) < COST_S, f"{min(costs) * 1000:.2f} ms"


def test_a_process_that_never_uses_it_imports_nothing_of_ours_but_the_finder():
    code, out, _ = run(
        "import sys; print([n for n in sys.modules if 'rmqlab' in n or n in ('jpype', 'ctypes')])"
    )
    assert (code, out) == (0, "['_rmqlab_finder']")


def test_making_messages_starts_no_jvm():
    code, out, _ = run("""
        import jpype, rocketmq.client
        m = rocketmq.client.Message("topic")
        m.set_body("body")
        print(jpype.isJVMStarted())
    """)
    assert (code, out) == (0, "False")


def test_the_installed_package_carries_the_finder():
    """The `.pth` line is what every process of the environment runs."""
    import _rmqlab_finder

    folders = [Path(folder) for folder in sys.path if folder.endswith("site-packages")]
    assert any((folder / "rmqlab_client.pth").read_text() == "import _rmqlab_finder\n" for folder in folders)
    assert Path(_rmqlab_finder.__file__).is_file()


def test_the_finder_leaves_every_other_module_alone():
    from _rmqlab_finder import ClassicFinder

    assert ClassicFinder.find_spec("json") is None
    assert ClassicFinder.find_spec("rocketmq.client", []) is None
    assert ClassicFinder.find_spec("rocketmq.ffi", ["/nowhere"]) is None


def test_an_import_of_our_provider_in_two_threads_does_not_deadlock():
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(importlib.import_module("rocketmq.ffi"))) for _ in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(results) == 2
