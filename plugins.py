"""Finding what can be plugged in: our own folder first, then installed packages."""
from collections.abc import Iterable
from functools import cache
from importlib import import_module, util
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any


def load(package: str, names: Iterable[str]) -> dict[str, Any]:
    """The plug-ins of one kind, by name and in that order."""
    return {name: find(package, name) for name in names}


@cache
def find(package: str, name: str) -> Any:
    if name.isidentifier() and util.find_spec(f"{package}.{name}"):
        try:
            return import_module(f"{package}.{name}").plugin
        except ModuleNotFoundError as missing:
            raise SystemExit(f"`{name}` needs the extra `{name}`, which is not installed: Python finds no module "
                             f"{missing.name}") from missing
    for entry in entry_points(group=package, name=name):
        return entry.load()
    raise LookupError(f"no {name!r} in {package}, and no installed package offers one")


def folder(package: str, name: str) -> Path | None:
    """Where an installed package keeps what belongs to its plug-in of this name: its templates."""
    for entry in entry_points(group=package, name=name):
        found = util.find_spec(entry.module)
        if found and found.origin:
            return Path(found.origin).parent
    return None
