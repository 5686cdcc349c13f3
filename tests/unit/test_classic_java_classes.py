"""The one compiled class of the client is what its source says."""

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
def test_the_committed_class_is_compiled_from_the_committed_source(tmp_path):
    jars = os.pathsep.join(str(jar) for jar in ensure_jars())
    options = ["--release", "17", "-g:none", "-proc:none", "-d", str(tmp_path), "-cp", jars]
    subprocess.run(["javac", *options, FOLDER / "ClassicSend.java"], check=True, capture_output=True)
    compiled = (tmp_path / "rmqlab" / "ClassicSend.class").read_bytes()
    assert compiled == (FOLDER / "ClassicSend.class").read_bytes()
