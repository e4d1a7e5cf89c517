"""Set up clearbar in `.venv` and run it.

`python3 go.py audit …` runs clearbar; `python3 go.py test …` installs what tests need and runs them.

Needs Python 3.11 or newer with pip; nothing else. Packages are pinned and checked by hash.
"""

import ctypes.util
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
HOME = ROOT / ".venv"
BIN = HOME / ("Scripts" if os.name == "nt" else "bin")
OLDEST = (3, 11)
RUN, TEST = "requirements.lock", "requirements-test.lock"  # the second holds all of the first
SIDE_BY_SIDE = ("--numprocesses", "auto", "--dist", "loadfile")  # a file stays in one process: its tests share servers
STRICT = "CLEARBAR_TEST_STRICT"  # where it is set, what a test needs and the machine has not is a failure
DEBIAN = {  # what shows that it is there: a program or a shared library -> the Debian package
    "chromium": "chromium",
    "libpango-1.0": "libpango-1.0-0",
    "libpangoft2-1.0": "libpangoft2-1.0-0",
}


def main() -> int:
    """Install what is missing and run the command."""
    if sys.version_info < OLDEST:
        print(f"clearbar needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    words = sys.argv[1:] or ["--help"]
    if words[0] == "test":
        install(TEST)
        return test(words[1:])
    if not installed(TEST):
        install(RUN)
    return run([str(BIN / "clearbar"), *words])


def wanted(lock: str) -> str:
    """Return the digest of all that decides what is installed."""
    return hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in (lock, "pyproject.toml"))).hexdigest()


def stamp(lock: str) -> Path:
    """Return the file that says what was installed."""
    return HOME / f".{lock}.installed"


def installed(lock: str) -> bool:
    """Say whether `.venv` holds what a lock file says."""
    return stamp(lock).is_file() and stamp(lock).read_text(encoding="ascii") == wanted(lock)


def install(lock: str) -> None:
    """Bring `.venv` to what a lock file says, unless it is there already."""
    if installed(lock):
        return
    print(f"installing {lock} into {HOME} (about 1 GB; a minute or two) …", file=sys.stderr)
    for old in (RUN, TEST):
        stamp(old).unlink(missing_ok=True)
    own_pip = importlib.util.find_spec("pip") is not None  # some Pythons of Debian have a pip and cannot put it into a new environment
    if not (BIN / "python").exists():
        venv.create(HOME, with_pip=not own_pip)
    python = str(BIN / "python")
    pip = [*([sys.executable, "-m", "pip", "--python", python] if own_pip else [python, "-m", "pip"]), "install", "--quiet"]
    check([*pip, "--require-hashes", "-r", str(ROOT / "requirements-uv.lock")])
    uv = [str(BIN / "uv"), "pip", "install", "--quiet", "--system-certs", "--python", python, "--compile-bytecode"]
    all_of_it = ["--no-deps", "--require-hashes", "-r", str(ROOT / lock)]  # the lock names whatever they depend on
    if run([*uv, *all_of_it]):
        print("uv could not install them; pip takes over, which takes longer …", file=sys.stderr)
        check([*pip, *all_of_it])
    check([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    stamp(lock).write_text(wanted(lock), encoding="ascii")


def test(words: list[str]) -> int:
    """Install Debian packages where that is allowed, else name them; then lint, check types and run the tests."""
    if absent() and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *absent()], check=False, env=quiet)
    missing = absent()
    if missing:
        print(f"some tests need what is not installed here; on Debian: apt-get install {' '.join(missing)}", file=sys.stderr)
    steps = [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["pytest", *SIDE_BY_SIDE, *words]]
    failed = [step[0] for step in steps if run([str(BIN / step[0]), *step[1:]])]
    if os.environ.get(STRICT):
        failed += missing
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def absent() -> list[str]:
    """Return the Debian packages whose program or library is not here."""
    return [package for name, package in DEBIAN.items() if not (shutil.which(name) or ctypes.util.find_library(name.removeprefix("lib")))]


def run(command: list[str]) -> int:
    """Run a command and return its exit code: clearbar where the user is, the tools of a test in the checkout."""
    try:
        return subprocess.run(command, check=False, cwd=None if Path(command[0]).stem == "clearbar" else ROOT).returncode
    except KeyboardInterrupt:
        return 130


def check(command: list[str]) -> None:
    """Run a command of the set-up; end with one line if it fails."""
    if run(command):
        print(f"set-up failed in {Path(command[0]).stem}; see the lines above. To begin anew, remove {HOME}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    sys.exit(main())
