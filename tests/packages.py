"""Real servers and clients from Debian's packages, unpacked into a folder of the cache.

Nothing is installed, and nothing starts by itself (decision 28); what the machine has is used as it is. Where they
cannot be had, the test is left out with the names of what is missing; with `CI` set, it fails.
"""
import fcntl
import os
import shutil
import subprocess
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
    folder = CACHE / names[0]
    if not Packages(folder).path(proof).exists():
        _unpack(folder, proof, names)
    found = Packages(folder)
    if not found.path(proof).exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            f"left out, as these packages of Debian cannot be had here: {', '.join(names)}")
    return found


@cache
def _unpack(folder: Path, proof: str, names: tuple[str, ...]) -> None:
    """Whole, or not at all, and tried once; of several test processes one does it, and the others wait."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    half = folder.with_name(f"{folder.name}.{os.getpid()}")
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if Packages(folder).path(proof).exists():
            return
        half.mkdir()
        try:
            if _download(half, names) or (_update() and _download(half, names, *OWN_LISTS)):
                for package in half.glob("*.deb"):
                    subprocess.run(["dpkg-deb", "-x", package, half], check=True, timeout=SECONDS)
                    package.unlink()
                _mend(half)
                shutil.rmtree(folder, ignore_errors=True)
                half.rename(folder)
        finally:
            shutil.rmtree(half, ignore_errors=True)


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
