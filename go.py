"""Set up clearbar in `.venv` and run it.

`python3 go.py audit …` runs clearbar; `python3 go.py test …` installs what tests need and runs them.

Needs Python 3.11 or newer with pip and venv; nothing else. Packages are pinned and checked by hash.
"""

import hashlib
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
DEBIAN = {  # what a test needs -> the program or library that shows it is there, and the Debian package
    "a browser for the browser tests": ("chromium", "chromium"),
    "text shaping for PDF reports": ("libpango-1.0.so.0", "libpango-1.0-0"),
    "text shaping with FreeType for PDF reports": ("libpangoft2-1.0.so.0", "libpangoft2-1.0-0"),
}


def main() -> int:
    """Install what is missing and run the command."""
    if sys.version_info < OLDEST:
        print(f"clearbar needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    words = sys.argv[1:] or ["--help"]
    if words[0] == "test":
        install("requirements-test.lock")
        return test(words[1:])
    install("requirements.lock")
    return run([str(BIN / "clearbar"), *words])


def install(lock: str) -> None:
    """Bring `.venv` to what a lock file says, unless it is there already."""
    wanted = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in (lock, "pyproject.toml"))).hexdigest()
    stamp = HOME / f".{lock}.installed"
    larger = HOME / ".requirements-test.lock.installed"
    if (stamp.is_file() and stamp.read_text(encoding="ascii") == wanted) or (lock == "requirements.lock" and current(larger)):
        return
    print(f"installing {lock} into {HOME} …", file=sys.stderr)
    if not (BIN / "python").exists():
        venv.create(HOME, with_pip=True)
    python = str(BIN / "python")
    pip = [python, "-m", "pip", "install", "--quiet"]
    check([*pip, "--require-hashes", "-r", str(ROOT / "requirements-uv.lock")])
    uv = [str(BIN / "uv"), "pip", "install", "--quiet", "--system-certs", "--python", python, "--compile-bytecode"]
    if run([*uv, "--require-hashes", "-r", str(ROOT / lock)]):
        print("uv could not install them; pip takes over, which takes longer …", file=sys.stderr)
        check([*pip, "--require-hashes", "-r", str(ROOT / lock)])
    check([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    stamp.write_text(wanted, encoding="ascii")


def current(stamp: Path) -> bool:
    """Say whether the larger set is installed and up to date; the smaller is part of it."""
    wanted = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in ("requirements-test.lock", "pyproject.toml"))).hexdigest()
    return stamp.is_file() and stamp.read_text(encoding="ascii") == wanted


def test(words: list[str]) -> int:
    """Install Debian packages where that is allowed, else name them; then lint, check types and run the tests."""
    missing = {why: package for why, (shown_by, package) in DEBIAN.items() if not present(shown_by)}
    if missing and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing.values()], check=False, env=quiet)
        missing = {why: package for why, (shown_by, package) in DEBIAN.items() if not present(shown_by)}
    for why, package in missing.items():
        print(f"missing: {why}; install it, on Debian with: apt-get install {package}", file=sys.stderr)
    steps = [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["pytest", *words]]
    failed = [step[0] for step in steps if run([str(BIN / step[0]), *step[1:]])]
    if failed or missing:
        print(f"failed: {', '.join([*failed, *missing.values()])}", file=sys.stderr)
        return 1
    return 0


def present(name: str) -> bool:
    """Say whether a program or a shared library is installed."""
    if ".so" in name:
        folders = [Path("/usr/lib"), Path("/lib"), Path("/usr/local/lib")]
        return any(next(folder.glob(f"**/{name}*"), None) for folder in folders if folder.is_dir())
    return bool(shutil.which(name))


def run(command: list[str]) -> int:
    """Run a command and return its exit code."""
    try:
        return subprocess.run(command, check=False, cwd=None if Path(command[0]).name == "clearbar" else ROOT).returncode
    except KeyboardInterrupt:
        return 130


def check(command: list[str]) -> None:
    """Run a command of the set-up; end with one line if it fails."""
    if run(command):
        print(f"set-up failed at: {' '.join(Path(word).name for word in command[:4])} …; see the lines above", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    sys.exit(main())
