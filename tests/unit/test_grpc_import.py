"""Two packages called rocketmq in one environment: whichever came last, both work, and quietly."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from rmqlab.client.grpc_import import GRPC_NAMES

pytestmark = pytest.mark.unit

INSTALLED = Path(importlib.util.find_spec("rocketmq.client").origin).parent
WINNERS = {
    "the classic package was installed last": "# no code\n",
    "the gRPC package was installed last": (
        "from rocketmq.grpc_protocol import TransactionResolution\n"
        "from .v5.client import ClientConfiguration, Credentials\n"
        "from .v5.consumer import PushConsumer, SimpleConsumer\n"
        "from .v5.model import Message\n"
        "from .v5.producer import Producer\n"
    ),
    "one of them was uninstalled": None,
}


@pytest.fixture(params=WINNERS)
def site(request, tmp_path):
    """A folder with both packages, as pip leaves it."""
    return made_site(tmp_path, WINNERS[request.param])


def made_site(folder, init, ignore=()):
    """The environment of this process, but for rocketmq: a copy, with another __init__.py or none."""
    if sys.platform == "win32":
        pytest.skip("Windows lets only administrators make links")
    site = folder / "site"
    site.mkdir()
    for entry in INSTALLED.parent.iterdir():
        if entry.name != "rocketmq":
            (site / entry.name).symlink_to(entry)
    shutil.copytree(INSTALLED, site / "rocketmq", ignore=shutil.ignore_patterns("__pycache__", *ignore))
    (site / "rocketmq" / "__init__.py").unlink(missing_ok=True)
    if init is not None:
        (site / "rocketmq" / "__init__.py").write_text(init)
    return site


def run(site, code):
    """Run a script that has this folder for its site-packages, and an empty home."""
    home = site.parent / "home"
    home.mkdir(exist_ok=True)
    homes = {"HOME": str(home), "USERPROFILE": str(home), "RMQLAB_HOME": str(site.parent / "state")}
    begin = f"import site; site.addsitedir({str(site)!r})\n"
    done = subprocess.run(
        [sys.executable, "-S", "-c", begin + textwrap.dedent(code)],
        env={**os.environ, **homes},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def test_the_classic_package_is_imported_and_gRPC_is_not(site):  # noqa: N802
    code, out, err = run(
        site,
        """
        import sys
        from rocketmq.client import Producer
        import rocketmq
        print(rocketmq.client.__file__, "grpc" in sys.modules)
        """,
    )
    assert (code, out, err) == (0, f"{site / 'rocketmq' / 'client.py'} False", "")


@pytest.mark.parametrize("first", ["client", "consumer", "model", "producer", "util", "log", "exception"])
def test_any_module_of_the_gRPC_package_may_be_imported_first(site, first):  # noqa: N802
    code, out, err = run(site, f"import rocketmq.v5.{first} as m; print(m.__file__)")
    assert (code, out, err) == (0, str(site / "rocketmq" / "v5" / first / "__init__.py"), "")


def test_the_names_that_the_gRPC_package_exports_are_there(site):  # noqa: N802
    names = ", ".join(GRPC_NAMES)
    code, _, err = run(
        site,
        f"""
        from rocketmq import {names}
        import rocketmq.client, rocketmq.v5.producer
        assert Producer is rocketmq.v5.producer.Producer
        assert Producer is not rocketmq.client.Producer
        """,
    )
    assert (code, err) == (0, "")


def test_these_names_are_those_of_the_gRPC_package_as_it_is():  # noqa: N802
    init = INSTALLED / "__init__.py"
    if not init.exists() or "__all__" not in (text := init.read_text(encoding="utf-8")):
        pytest.skip("the classic package was installed last here: the other's file is gone")
    exported = next(
        ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    )
    assert sorted(exported) == sorted(GRPC_NAMES)


def test_without_the_gRPC_package_the_classic_one_works_and_the_error_is_pythons_own(tmp_path):  # noqa: N802
    site = made_site(tmp_path, "", ignore=("v5", "grpc_protocol"))
    code, out, err = run(
        site, "import rocketmq.client; print('classic')\nfrom rocketmq import ClientConfiguration"
    )
    assert (code, out) == (1, "classic")
    assert "ImportError: cannot import name 'ClientConfiguration' from 'rocketmq'" in err


def test_a_module_of_ones_own_called_rocketmq_is_left_alone(tmp_path):
    site = made_site(tmp_path, None)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "rocketmq.py").write_text("answer = 42\n")
    assert run(site, "import rocketmq; print(rocketmq.answer)") == (0, "42", "")


def test_the_gRPC_client_logs_where_rmqlab_looks_and_makes_no_folder_at_home(site):  # noqa: N802
    code, out, err = run(
        site,
        """
        from rocketmq.v5.log import logger
        logger.info("said at info")
        from rmqlab.client.grpc_log import log_file
        print("said at info" in log_file().read_text())
        """,
    )
    assert (code, out, err) == (0, "True", "")
    assert list((site.parent / "home").iterdir()) == []


LOST_CALLBACK = """
    from concurrent.futures import Future
    import rocketmq.v5.client

    def fail(future):
        raise ValueError("lost in a callback")

    {disguise}
    future = Future()
    future.add_done_callback(fail)
    future.set_result(None)
    from rmqlab.client.grpc_log import log_file
    print(log_file().exists() and "lost in a callback" in log_file().read_text())
"""


def test_an_exception_in_a_callback_of_the_gRPC_client_goes_to_its_log_not_into_a_cell(tmp_path):  # noqa: N802
    site = made_site(tmp_path, None)
    disguise = "import types; fail = types.FunctionType(fail.__code__, {'__name__': 'rocketmq.v5.client.client', '__builtins__': __builtins__})"  # noqa: E501
    assert run(site, LOST_CALLBACK.format(disguise=disguise)) == (0, "True", "")


def test_an_exception_in_a_callback_of_ones_own_is_still_shown(tmp_path):
    site = made_site(tmp_path, None)
    code, out, err = run(site, LOST_CALLBACK.format(disguise=""))
    assert (code, out) == (0, "False")
    assert "lost in a callback" in err
