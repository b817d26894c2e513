"""The house: imports point down, rooms know nothing of HTTP, blueprints read and rooms write."""
import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent

# From the bottom up. What stands on one line may know its neighbours.
ORDER = (
    ("settings", "shapes", "clock", "plugins", "catalogues"),
    ("db", "rows"),
    ("i18n", "crypto", "tenancy", "current", "egress"),
    ("logs",),
    ("questions", "formats", "templating", "spans"),
    ("models",),
    ("rules", "limits", "audit", "outbox", "schema"),
    ("accounts",),
    ("organisations",),
    ("products",),
    ("oidc", "gate"),
    ("notices", "stories"),
    ("assets",),
    ("navigation", "pages", "forms", "paging", "sheets"),
    ("web",),
    ("entering",),
    ("blueprints",),
    ("verification",),
    ("worker", "demo", "scale", "installation"),
    ("commands",),
    ("app",),
    ("serve",),
)
LEVEL = {name: level for level, names in enumerate(ORDER) for name in names}
HTTP = {"flask", "flask_login", "flask_wtf", "werkzeug", "wtforms"}
ROOMS = {name for names in ORDER[:LEVEL["notices"] + 1] for name in names} - {"catalogues"}

# Loaded when they are first needed, because few requests need them or because one imports them by name.
LATE = {
    ("worker.py", "huey"),          # Redis only where there is one
    ("notices/channels/push/sealing.py", "joserfc"),    # the worker alone sends
    ("accounts/passkeys.py", "webauthn"),   # brings half of a certificate library along
    ("i18n.py", "catalogues"),      # a working copy without compiled words
    ("serve.py", "settings"), ("serve.py", "assets"), ("serve.py", "i18n"), ("serve.py", "installation"),
                                    # only when the environment says where everything is
}
# Where SQL is written by hand: it is bound to a person, its text is kept, or it adds a row whose owner was looked at.
BY_HAND = {"db.py", "schema.py", "limits.py", "questions.py", "rows.py", "accounts/sessions.py",
           "organisations/switching.py", "products/evidence.py", "oidc/reading.py", "oidc/writing.py",
           "gate/reading.py", "blueprints/public.py"}
WRITES = {"create", "save", "update", "insert", "insert_many", "insert_from", "replace", "replace_many", "delete",
          "delete_instance", "delete_by_id", "get_or_create", "bulk_create", "bulk_update", "set_by_id"}


@cache
def sources():
    """{path below the root: its syntax tree} of every file of ours but tests and migrations."""
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text())
            for path in sorted(ROOT.rglob("*.py")) if path.relative_to(ROOT).parts[0] not in
            ("tests", "migrations", "bench", ".venv", "built", "data")}


def room(path):
    return path.partition("/")[0].removesuffix(".py")


def imports(tree):
    """(name of the module, node) of every import that is executed; what is only for types is not."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, node) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module, node


def test_every_file_stands_somewhere():
    assert {room(path) for path in sources()} <= set(LEVEL), "add the new module to ORDER, as low as it can stand"


def test_imports_point_down():
    wrong = [f"{path}:{node.lineno} reaches up to {name}" for path, tree in sources().items()
             for name, node in imports(tree)
             if (other := name.partition(".")[0]) in LEVEL and other != room(path)
             and LEVEL[other] > LEVEL[room(path)]]
    assert not wrong


def test_rooms_know_nothing_of_http():
    wrong = [f"{path}:{node.lineno} imports {name}" for path, tree in sources().items() if room(path) in ROOMS
             for name, node in imports(tree) if name.partition(".")[0] in HTTP]
    assert not wrong


def test_nothing_is_imported_inside_a_function():
    wrong = [f"{path}:{node.lineno} imports {name} late; name it in LATE, with a reason" for path, tree
             in sources().items() for function in ast.walk(tree)
             if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
             for name, node in imports(function) if (path, name.partition(".")[0]) not in LATE]
    assert not wrong


def test_blueprints_do_not_write():
    wrong = [f"{path}:{node.lineno} calls .{node.func.attr}()" for path, tree in sources().items()
             if room(path) == "blueprints" for node in ast.walk(tree)
             if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES
             and isinstance(node.func.value, ast.Name) and node.func.value.id[:1].isupper()]
    wrong += [f"{path}:{node.lineno} opens a transaction" for path, tree in sources().items()
              if room(path) == "blueprints" for name, node in imports(tree)
              if name == "db" and any(alias.name == "transaction" for alias in getattr(node, "names", ()))]
    assert not wrong


def test_sql_is_written_by_hand_in_few_places():
    found = {path for path, tree in sources().items() for node in ast.walk(tree)
             if isinstance(node, ast.Attribute) and node.attr in ("execute_sql", "cursor")}
    assert found <= BY_HAND, f"{sorted(found - BY_HAND)}: ask through models, or name it here with a reason"


def test_the_boundary_is_lifted_with_a_reason():
    for path, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "across_organisations":
                assert node.args and isinstance(node.args[0], ast.Constant) and len(node.args[0].value) > 10, path


def test_a_module_opens_with_a_line_about_itself():
    silent = [path for path, tree in sources().items() if tree.body and not ast.get_docstring(tree)]
    assert not silent
