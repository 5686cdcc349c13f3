"""Make `.venv` once, then hand the command to the package inside it. Standard library only.

`python -m rmqlab COMMAND`, typed in the root of a clone, finds one of two things:

- with a bare Python, this file. The folder it lies in has no `__init__.py`, so it is a namespace portion;
- inside `.venv`, the package of `src/rmqlab`. A regular package anywhere on `sys.path` wins over a namespace
  portion, although the current folder comes first: this file never shadows the package, not for
  `python -m pytest` either. Do not add an `__init__.py` here: that would.

What is installed is remembered as a hash of pyproject.toml and the clone's path, so a second start installs
nothing. A `.venv` whose making was interrupted, or whose clone or Python has moved, is made anew.
"""

# This file must parse on Python 3.6: it is what tells its user that 3.11 is needed.
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Iterator  # noqa: UP035  (3.6)

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "rmqlab-installed"
UNFINISHED = "unfinished"
GUARD = "RMQLAB_BOOTSTRAP"  # set for the command inside .venv: coming back here means a damaged .venv
ON_WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if ON_WINDOWS else "bin/python")
FAR_BEYOND_THE_END = 1 << 30


class CannotPrepareError(Exception):
    """The environment cannot be made; the message says why and what to do."""


def main(arguments: list) -> int:
    """Prepare `.venv` where necessary, then run the command in it; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a path may have letters that a Windows pipe has not
    try:
        damaged = lacks_the_package()
        if damaged or not is_prepared():
            with only_one():
                prepare(anew=damaged)
    except CannotPrepareError as problem:
        print(f"rmqlab: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nrmqlab: interrupted. The same command starts it again.", file=sys.stderr)
        return 130
    if arguments == ["env"]:
        activate = ".venv\\Scripts\\activate" if ON_WINDOWS else ". .venv/bin/activate"
        print(f"The environment is ready in {VENV}. To enter it: {activate}")
        return 0
    return hand_over(arguments)


def lacks_the_package() -> bool:
    """Tell whether this is the Python of `.venv`, and the package that belongs there is gone."""
    if os.path.realpath(sys.prefix) != os.path.realpath(str(VENV)) or importlib.util.find_spec("rmqlab.cli"):
        return False
    if os.environ.get(GUARD):
        raise CannotPrepareError(
            f"{VENV} does not contain the package although it was installed there. Delete that folder and "
            "run the same command again."
        )
    return True


def wanted_stamp() -> str:
    """Return what the stamp of an up-to-date `.venv` says."""
    # The files right in src/ are copied into the environment, where an editable install does not follow them.
    copied = sorted(path for path in (ROOT / "src").glob("*") if path.is_file())
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in [ROOT / "pyproject.toml", *copied]))
    return f"{digest.hexdigest()} {ROOT}"


def found_stamp() -> str:
    """Return what the stamp says, or nothing where there is none."""
    try:
        return STAMP.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def is_prepared() -> bool:
    """Tell whether `.venv` is whole and holds what pyproject.toml asks for."""
    return PYTHON.exists() and found_stamp() == wanted_stamp()


@contextmanager
def only_one() -> Iterator:
    """Keep two first starts apart: the second waits, and finds the work done."""
    with open(__file__, "rb") as file:  # noqa: PTH123  (Path(__file__) would only say the same)
        if ON_WINDOWS:
            import msvcrt  # noqa: PLC0415

            file.seek(FAR_BEYOND_THE_END)
            while True:
                with suppress(OSError):  # it gives up after ten seconds
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
        else:
            import fcntl  # noqa: PLC0415

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                print("Waiting for another start, which is making the environment.", flush=True)
                fcntl.flock(file, fcntl.LOCK_EX)
        yield  # closing the file gives the lock back


def prepare(*, anew: bool) -> None:
    """Bring `.venv` up to date: create it where it is missing or broken, then install into it."""
    if is_prepared() and not anew:
        return
    stamp = found_stamp()  # none: somebody's own .venv, or pip gave up in good order
    if anew or (stamp and not stamp.endswith(f" {ROOT}")) or not works():
        check_python()
        create()
    STAMP.write_text(UNFINISHED, encoding="utf-8")
    print(f"Installing what the labs need into {VENV} (once, some minutes)", flush=True)
    install()
    STAMP.write_text(wanted_stamp(), encoding="utf-8", errors="surrogateescape")


def works() -> bool:
    """Tell whether `.venv` has a Python that is new enough and has pip."""
    probe = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.call([str(PYTHON), "-c", probe], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def check_python() -> None:
    """Refuse a Python that is too old or that cannot make environments."""
    oldest = ".".join(map(str, OLDEST))
    if sys.version_info < OLDEST:
        names = [f"python3.{minor}" for minor in range(20, OLDEST[1] - 1, -1)]
        newer = next((name for name in names if shutil.which(name)), None)
        remedy = (
            f"this machine has {newer}: type `make PYTHON={newer} lab` or `{newer} -m rmqlab lab`."
            if newer
            else "get one from https://www.python.org/downloads/ or from your system's packages."
        )
        found = ".".join(map(str, sys.version_info[:3]))
        raise CannotPrepareError(
            f"Python {oldest} or newer is needed, and {sys.executable} is {found}; {remedy}"
        )
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise CannotPrepareError(
            f"{sys.executable} comes without venv and pip. On Debian and Ubuntu, install them with "
            "`sudo apt install python3-venv`, then run the same command again."
        )


def create() -> None:
    """Make an empty `.venv`, in place of whatever is there."""
    print(f"Creating {VENV}", flush=True)
    # From inside the damaged .venv, its own Python cannot make it anew: the one it was made from can.
    python = getattr(sys, "_base_executable", None) or sys.executable
    done = subprocess.run(
        [python, "-m", "venv", "--clear", str(VENV)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise CannotPrepareError(
            f"{VENV} could not be created. Python says: " + (" ".join(done.stdout.split()) or "nothing")
        )


def install() -> None:
    """Let pip install the package and its extras: its progress bars are shown, its errors put in words."""
    command = [str(PYTHON), "-m", "pip", "install", "--editable", str(ROOT) + "[authoring,dev]"]
    # pip's own retries and backing off, unless its user configured otherwise; PIP_* of the user is honoured.
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1")
    environment.setdefault("PIP_RETRIES", "2")
    environment.pop("PYTHONHOME", None)
    with subprocess.Popen(
        command, cwd=str(ROOT), env=environment, stderr=subprocess.PIPE, encoding="utf-8", errors="replace"
    ) as pip:
        complaints = pip.stderr.read()
    if pip.returncode == 0:
        return
    STAMP.unlink()  # pip gave up in good order: what is installed may stay
    lines = [line for line in complaints.splitlines() if line.strip()]
    if any(mark in complaints for mark in ("Retrying (", "ConnectionError", "Temporary failure in name")):
        raise CannotPrepareError(
            "pip reached no package registry. Connect to a network (or name your mirror or proxy in pip's "
            "configuration) and run the same command again; what was fetched is kept."
        )
    if "No space left on device" in complaints:
        raise CannotPrepareError(f"the disk of {VENV} is full: the environment needs 1 GB there.")
    raise CannotPrepareError("pip could not install the environment. It says:\n" + "\n".join(lines[-12:]))


def hand_over(arguments: list) -> int:
    """Run the command with the Python of `.venv`: in place of this process, where the system can do that."""
    command = [str(PYTHON), "-m", "rmqlab", *arguments]
    environment = dict(os.environ, **{GUARD: "1"})
    environment.pop("__PYVENV_LAUNCHER__", None)  # macOS: it would lead back to the Python outside
    sys.stdout.flush()
    if not ON_WINDOWS:
        os.execve(command[0], command, environment)  # noqa: S606  (an argument list, no shell)
    with subprocess.Popen(command, env=environment) as child:
        # Ctrl-C reaches both: the child decides what it means, this process waits for it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
