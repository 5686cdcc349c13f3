"""The compiled classes of the client are what their sources say."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import rmqlab.client
from rmqlab.runtime import ensure_jars, jars_status

pytestmark = pytest.mark.unit

FOLDER = Path(rmqlab.client.__file__).parent / "jvm" / "rmqlab"


@pytest.mark.skipif(shutil.which("javac") is None, reason="there is no javac to compare with")
@pytest.mark.skipif(len(set(jars_status())) > 1, reason="RocketMQ's jars are not here yet")
def test_the_committed_classes_are_compiled_from_the_committed_sources(tmp_path):
    jars = os.pathsep.join(str(jar) for jar in ensure_jars())
    options = ["--release", "17", "-g:none", "-proc:none", "-d", str(tmp_path), "-cp", jars]
    subprocess.run(["javac", *options, *FOLDER.glob("*.java")], check=True, capture_output=True)
    compiled = {path.name: path.read_bytes() for path in (tmp_path / "rmqlab").glob("*.class")}
    assert compiled == {path.name: path.read_bytes() for path in FOLDER.glob("*.class")}
