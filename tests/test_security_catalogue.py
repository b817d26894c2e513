"""Each number of the security catalogue has a test that carries it, or a sentence in docs/security-decisions.md."""
import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
DECISIONS = HERE.parent / "docs" / "security-decisions.md"


def numbers():
    """All there are, from the table: {"LG-01", …}."""
    rows = re.findall(r"^\| ([A-Z]{2}) \| ([\d ]+) \|$", DECISIONS.read_text(), re.MULTILINE)
    return {f"{group}-{number}" for group, found in rows for number in found.split()}


def carried():
    """{number: a test that carries it in its name}."""
    found = {}
    for path in HERE.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found |= {f"{group.upper()}-{number}": f"{path.name}: {node.name}"
                          for group, number in re.findall(r"_([a-z]{2})_(\d\d)(?![a-z\d])", node.name)}
    return found


def decided():
    """Those with a sentence: «- **LG-03** decided, …»."""
    return {number for line in DECISIONS.read_text().splitlines() if line.startswith("- **")
            for number in re.findall(r"\*\*([A-Z]{2}-\d\d)\*\*", line)}


def test_every_number_is_tested_or_decided():
    assert len(numbers()) > 200
    assert numbers() - set(carried()) - decided() == set()


def test_nobody_carries_a_number_that_does_not_exist():
    groups = {number[:2] for number in numbers()}
    strange = {number: test for number, test in carried().items() if number[:2] in groups and number not in numbers()}
    assert strange == {}
    assert decided() <= numbers()


def test_what_is_said_to_be_answered_beside_its_test_is_tested():
    """«decided, beside its test»: the test is there."""
    said = {number for line in DECISIONS.read_text().splitlines() if re.match(r"- .*\bbeside its tests?\b", line)
            for number in re.findall(r"\*\*([A-Z]{2}-\d\d)\*\*", line)}
    assert said and said <= set(carried())
