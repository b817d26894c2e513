"""HTTP, and nothing else: one module a resource, each offering `blueprint`."""
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def all_of_them() -> list[Any]:
    """Every blueprint below this folder, found by its module."""
    modules = sorted(path.relative_to(HERE.parent).with_suffix("") for path in HERE.rglob("[!_]*.py"))
    found = [import_module(".".join(module.parts)) for module in modules]
    return [module.blueprint for module in found]
