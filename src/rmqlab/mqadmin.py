"""RocketMQ's own administrator's tool, mqadmin, unchanged, in a JVM of its own.

It cannot be called in this process: it ends its process at an option that it does not know
(ServerUtil.parseCmdLine), and some of its commands go on until somebody ends it. Nor does its exit code say
what came of it (MQAdminStartup.main0 prints what was raised, and returns), so what it prints is looked at.
It would take five seconds to end after its last word: runtime/quick_end/ takes these away.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rmqlab.backends.jvm import JVM_OPTIONS
from rmqlab.errors import AdminError, ExternalClusterError
from rmqlab.runtime import QUICK_END, archive_options, ensure_jars, find_java

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rmqlab.cluster import Cluster

DEADLINE_S = 30.0
"""How long a command may take; most take a second."""

_MAIN = "org.apache.rocketmq.tools.command.MQAdminStartup"
_CREDENTIALS = "conf/tools.yml"  # MixAll.ACL_CONF_TOOLS_FILE, below ROCKETMQ_HOME
_NAMESRV = ("-n", "--namesrvAddr")
_UNKNOWN = "The sub command "
_RAISED = re.compile(r"^(?:Caused by: )?(?:[\w$]+\.)+[\w$]*(?:Exception|Error)\b:? ?(.*)$", re.MULTILINE)
_CODE = re.compile(r"^CODE: (\d+) +DESC: (.*)$")


def mqadmin(
    cluster: Cluster,
    words: Sequence[str],
    *,
    credentials: tuple[str, str] | None = None,
    timeout_s: float = DEADLINE_S,
) -> str:
    """Run one mqadmin command against a cluster, and return what it prints.

    Args:
        cluster: Whom to ask: its NameServers are filled in unless the words name others (`-n`).
        words: The sub-command and its options: `["topicRoute", "-t", "orders"]`; none for the list of all.
        credentials: Access key and secret key to sign with; the cluster's own by default.
        timeout_s: A command that takes longer is ended.

    Raises:
        AdminError: there is no such sub-command or option, the cluster refused it, or time was up.
        ExternalClusterError: others use the cluster, and mqadmin does not know which names are yours.
        ClusterError: the cluster has ended, or is a Kafka.
    """
    if cluster.namespace is not None:
        raise ExternalClusterError(
            f"mqadmin would see and change everybody's topics and groups on {cluster.name}. Ask with "
            "`lab.admin`, or start a cluster of your own: RMQLAB_BACKEND=process."
        )
    cluster.require_alive()
    cluster.require_rocketmq("mqadmin")
    line = f"mqadmin {' '.join(words)}".rstrip()
    with tempfile.TemporaryDirectory(prefix="rmqlab-mqadmin-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)  # readable by this user alone
        _sign(home, credentials or cluster.credentials)
        try:
            done = subprocess.run(
                [*_java(home), *_addressed(words, cluster.namesrv)],
                env={**os.environ, "ROCKETMQ_HOME": str(home)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            printed = (late.stdout or b"").decode(errors="replace").strip()
            so_far = f" It had printed:\n{printed}" if printed else ""
            raise AdminError(
                f"`{line}` had not ended after {timeout_s:g} s: some commands go on until they are ended, "
                f"others wait for a broker that does not answer.{so_far}"
            ) from None
    require_success(line, done.returncode, done.stdout, done.stderr)
    return done.stdout


def require_success(line: str, code: int, printed: str, complained: str) -> None:
    """See to it that a command did what it should, by all that it said.

    Args:
        line: The command, for the message.
        code: Its exit code: 1 after a wrong option, else 0, whatever happened.
        printed: What it wrote to stdout.
        complained: What it wrote to stderr.

    Raises:
        AdminError: it did not; with RocketMQ's own reason, and its response code where there is one.
    """
    if printed.startswith(_UNKNOWN):
        raise AdminError(
            f"`{line}`: there is no such sub-command. `mqadmin` without any words lists them all."
        )
    raised = _RAISED.findall(complained)
    if raised:
        reason = next((text for text in reversed(raised) if text), raised[-1])
        coded = _CODE.match(reason)
        error = AdminError(f"`{line}` failed: {coded[2] if coded else reason}")
        error.code = int(coded[1]) if coded else None
        raise error
    if code:
        complaint = (complained.strip() or printed.strip() or f"exit code {code}").splitlines()[0]
        command = line.split()[1] if " " in line else ""
        raise AdminError(f"`{line}` failed: {complaint}. `mqadmin help {command}` lists its options.")


def _sign(home: Path, credentials: tuple[str, str] | None) -> None:
    """Write the file that AclUtils.getAclRPCHook reads; without credentials there is none."""
    if credentials is not None:
        access_key, secret_key = map(json.dumps, credentials)  # a quoted string of JSON is one of YAML
        file = home / _CREDENTIALS
        file.parent.mkdir()
        file.write_text(f"accessKey: {access_key}\nsecretKey: {secret_key}\n", encoding="utf-8")


def _addressed(words: Sequence[str], namesrv: str) -> list[str]:
    """Return the words with the NameServers' addresses, where a command takes them and has none."""
    if not words or words[0] == "help" or any(word in _NAMESRV for word in words):
        return list(words)
    return [words[0], "-n", namesrv, *words[1:]]


def _java(home: Path) -> list[str]:
    java = find_java()
    return [
        str(java.executable),
        "-Xmx128m",
        *JVM_OPTIONS,
        *java.quiet_options,
        *archive_options(),
        "-Dstdout.encoding=UTF-8",
        "-Dstderr.encoding=UTF-8",
        f"-Duser.home={home}",  # its logs
        "-cp",
        os.pathsep.join(map(str, [*ensure_jars(), QUICK_END])),
        "rmqlab.QuickEnd",
        _MAIN,
    ]
