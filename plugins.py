"""Finding what can be plugged in: our own folder first, then installed packages."""
from collections.abc import Iterable
from functools import cache
from importlib import import_module, util
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

PLUGGED_IN = {"BACKENDS": "accounts.backends", "SECOND_FACTORS": "accounts.factors", "CHANNELS": "notices.channels",
              "PRODUCT_KINDS": "products.kinds"}


def load(package: str, names: Iterable[str]) -> dict[str, Any]:
    """The plug-ins of one kind, by name and in that order."""
    return {name: find(package, name) for name in names}


def require_all(settings: Any) -> None:
    """Stops the start with a sentence where a setting names a plug-in that there is not, or that could not work."""
    for setting, package in PLUGGED_IN.items():
        names, offered = getattr(settings, setting.lower()), _offered(package)
        if not names:
            raise SystemExit(f"{setting} names nothing; there are {', '.join(offered)}")
        for name in names:
            if name not in offered:
                raise SystemExit(f"{setting}: there is no {name!r}; there are {', '.join(offered)}")
            plugin = find(package, name)
            if hasattr(plugin, "mistake") and (mistake := plugin.mistake(settings)):
                raise SystemExit(mistake)


def _offered(package: str) -> list[str]:
    folders = Path(*package.split("."))
    here = {path.parent.name for path in (Path(__file__).parent / folders).glob("[a-z]*/__init__.py")}
    return sorted(here | {entry.name for entry in entry_points(group=package)})


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
