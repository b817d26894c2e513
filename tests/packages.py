"""Real servers and clients from Debian's packages, or from Python's, unpacked into a folder of the cache.

Nothing is installed, and nothing starts by itself (decision 28); what the machine has is used as it is. Where they
cannot be had, the test is left out with the names of what is missing; with `CI` set, it fails.
"""
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kanton-tests"
# For machines whose lists of packages are missing or too old; no right of root is needed to have one's own.
OWN_LISTS = ("-o", f"Dir::State::Lists={CACHE}/lists", "-o", f"Dir::Cache={CACHE}", "-o", "APT::Sandbox::User=root")
SECONDS = 300


class Packages:
    """What some packages bring, with all they need: partly in `folder`, partly on the machine."""

    def __init__(self, folder: Path):
        self.folder = folder
        libraries = ":".join(map(str, folder.glob("usr/lib/*-linux-*")))
        self.environment = os.environ | ({"LD_LIBRARY_PATH": libraries} if libraries else {})

    def path(self, name: str) -> Path:
        """Of «usr/sbin/slapd», where it really is."""
        here = self.folder / name
        return here if here.exists() else Path("/") / name

    def one(self, pattern: str) -> Path:
        """The same of a file whose name has a number in it."""
        return min([*self.folder.glob(pattern), *Path("/").glob(pattern)])


def have(proof: str, *names: str) -> Packages:
    """`proof`: a file they bring; without it they are not there. The first of them gives the folder its name."""
    return _found(CACHE / names[0], proof, _from_debian, names) or _left_out(
        f"these packages of Debian cannot be had here: {', '.join(names)}")


def program(name: str, requirements: Path) -> Path:
    """One that a package of Python's brings, which a file of requirements names with its version and its hashes."""
    pinned = requirements.read_text().split()[0]
    found = _found(CACHE / pinned, f"bin/{name}", _from_python, (str(requirements),)) or _left_out(
        f"this package of Python cannot be had here: {pinned}")
    return found.path(f"bin/{name}")


def _found(folder: Path, proof: str, fill: Callable, said: tuple[str, ...]) -> Packages | None:
    if not Packages(folder).path(proof).exists():
        _unpack(folder, proof, fill, said)
    found = Packages(folder)
    return found if found.path(proof).exists() else None


def _left_out(why: str):
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"left out, as {why}")


@cache
def _unpack(folder: Path, proof: str, fill: Callable, said: tuple[str, ...]) -> None:
    """Whole, or not at all, and tried once; of several test processes one does it, and the others wait."""
    CACHE.mkdir(parents=True, exist_ok=True)
    half = folder.with_name(f"{folder.name}.{os.getpid()}")
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if Packages(folder).path(proof).exists():
            return
        half.mkdir()
        try:
            if fill(half, said):
                shutil.rmtree(folder, ignore_errors=True)
                half.rename(folder)
        finally:
            shutil.rmtree(half, ignore_errors=True)


def _from_python(folder: Path, said: tuple[str, ...]) -> bool:
    """By whichever pip is at hand: an environment may have been made without its own."""
    options = ("install", "--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:", "--target", str(folder),
               "-r", *said)
    pips = [[python, "-m", "pip"] for python in dict.fromkeys((sys.executable, sys._base_executable))]
    uv = shutil.which("uv")
    return any(not subprocess.run([*pip, *options], capture_output=True, check=False, timeout=SECONDS).returncode
               for pip in [*pips, *([[uv, "pip"]] if uv else [])])


def _from_debian(folder: Path, names: tuple[str, ...]) -> bool:
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return False
    if not (_download(folder, names) or (_update() and _download(folder, names, *OWN_LISTS))):
        return False
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True, timeout=SECONDS)
        package.unlink()
    _mend(folder)
    return True


def _mend(folder: Path) -> None:
    """Links between packages: each leads into the folder, or to what the machine has."""
    for link in [each for each in folder.rglob("*") if each.is_symlink() and not each.exists()]:
        said = os.readlink(link)
        name = said.lstrip("/") if os.path.isabs(said) else os.path.relpath(link.parent / said, folder)
        target = os.path.relpath(folder / name, link.parent) if (folder / name).exists() else f"/{name}"
        link.unlink()
        link.symlink_to(target)


def _download(folder: Path, names: tuple[str, ...], *options: str) -> bool:
    """Those of them, and of all they need, that are not installed; apt names none whose file it has somewhere."""
    asked = _apt_get("install", "--print-uris", "--no-install-recommends", "-o", f"Dir::Cache::Archives={CACHE}/none",
                     *options, *names)
    missing = [line.split()[1].partition("_")[0] for line in asked.stdout.splitlines() if line.startswith("'")]
    return asked.returncode == 0 and (
        not missing or _apt_get("download", *options, *missing, folder=folder).returncode == 0)


def _update() -> bool:
    (CACHE / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    return _apt_get("update", *OWN_LISTS).returncode == 0


def _apt_get(*said: str, folder: Path = CACHE) -> subprocess.CompletedProcess:
    return subprocess.run(["apt-get", "-qq", *said], cwd=folder, capture_output=True, text=True, check=False,
                          timeout=SECONDS)
