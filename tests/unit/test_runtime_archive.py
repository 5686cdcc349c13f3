"""The class archive: made once, found by every JVM, and never in the way."""

import os
import subprocess

import pytest

from rmqlab.runtime import archive, ensure_jars, find_java

pytestmark = pytest.mark.unit


def test_the_class_list_names_classes_of_the_broker_and_of_the_client():
    names = archive.CLASS_LIST.read_text(encoding="utf-8").splitlines()
    assert "org/apache/rocketmq/broker/BrokerController" in names
    assert "org/apache/rocketmq/client/producer/DefaultMQProducer" in names
    assert len(names) == len(set(names))
    assert any(line.startswith("@lambda-proxy org/apache/rocketmq/broker/") for line in names)


def test_a_jvm_takes_its_classes_from_the_archive():
    archive.ensure_archive()
    listed = _classes_of_a_run(*archive.archive_options())
    of_rocketmq = [line for line in listed if "org.apache.rocketmq" in line]
    assert of_rocketmq
    assert all("shared objects file" in line for line in of_rocketmq if "Lambda" not in line)


def test_a_spoilt_archive_costs_time_and_nothing_else(tmp_path):
    spoilt = tmp_path / "spoilt.jsa"
    spoilt.write_bytes(b"not an archive")
    listed = _classes_of_a_run(f"-XX:SharedArchiveFile={spoilt}", "-Xlog:disable")
    assert any("org.apache.rocketmq" in line for line in listed)


def test_where_no_archive_can_be_made_nobody_tries_again(tmp_path, monkeypatch):
    path = tmp_path / "classes.jsa"
    monkeypatch.setattr(archive, "_path", lambda _: path)
    monkeypatch.setattr(archive, "CLASS_LIST", tmp_path / "missing.lst")
    archive.ensure_archive()
    assert path.read_bytes() == b""
    assert archive.archive_options() == ()
    monkeypatch.setattr(archive, "_dump", lambda *_: pytest.fail("tried again"))
    archive.ensure_archive()


def test_archives_of_other_installations_stay_and_the_oldest_go(tmp_path, monkeypatch):
    path = tmp_path / "classes-mine.jsa"
    monkeypatch.setattr(archive, "_path", lambda _: path)
    monkeypatch.setattr(archive, "CLASS_LIST", tmp_path / "missing.lst")
    for age, name in enumerate(["newest", "newer", "old", "oldest"]):
        other = tmp_path / f"classes-{name}.jsa"
        other.touch()
        os.utime(other, (1000 - age, 1000 - age))
    archive.ensure_archive()
    assert {each.stem.removeprefix("classes-") for each in tmp_path.glob("*.jsa")} == {
        "mine",
        "newest",
        "newer",
    }


def _classes_of_a_run(*options):
    jars = ":".join(map(str, ensure_jars()))
    command = [find_java().executable, *find_java().quiet_options, "-XX:+UseSerialGC", *options, "-cp", jars]
    main = "org.apache.rocketmq.common.MQVersion"  # has no main: the JVM loads it, and says so
    command += ["-Xlog:class+load:stdout", main]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()
