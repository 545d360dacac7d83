"""Style that can be counted: lengths, bans, imports. Everything else is read."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "actors", "benchmarks", "config", "domain", "exchange", "gateways", "journal", "simulation", "supervisors",
    "system", "tools", "wire",
)  # fmt: skip
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_PROMISE = 72

LONG_FILES = {
    "actors/pair.py": "a pair's turn, from quote to repair, is read in one place",
    "config/glossary.py": "one table of words for all screens and documents",
    "domain/hedges.py": "the hedge machine, its table and its facts stay in one file",
    "domain/orders.py": "the order machine, its table and its facts stay in one file",
    "domain/pairs.py": "the pair machine and the fold of its hedges stay in one file",
    "simulation/invariants.py": "one judge reads every frame and record",
    "tools/node_build.py": "all wiring of a node is read in one place",
    "tests/actors/test_conformance.py": "one contract, held by every dispatcher",
    "wire/exchange.py": "the session protocol is one page",
}
"""Files over the limit, each with its reason."""

BOUNDARIES = {
    "actors/base.py": "an actor's failure becomes its death notice",
    "actors/executor.py": "where an actor's turn is run and its failure caught",
    "actors/lane.py": "the lane outlives a source's failure",
    "actors/observer.py": "a failure of the thread ends its actor",
    "actors/pinned.py": "the pinned thread's loop",
    "actors/runtime.py": "a failed start is told to the supervisor",
    "actors/simulated.py": "the simulated dispatcher's loop",
    "simulation/fuzz.py": "whatever a reader lets through is a finding",
    "tools/plant_child.py": "a planted bug may raise anything, and is caught by it",
    "gateways/skeleton.py": "the gateway's main loop",
    "gateways/process.py": "the gateway's main loop",
}
"""Files in which `except Exception` (or wider) may stand: supervision boundaries."""

MAY_ASK_THE_TIME = {"system/clock.py"}
MAY_PRINT = ("tools/", "benchmarks/")
FORBIDDEN_WORDS = re.compile(r"/work/|\bpypi\b|registry\.npm|files\.pythonhosted", re.IGNORECASE)


def sources():
    return [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]


def name_of(path):
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def trees():
    return {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in sources()}


def functions_of(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_a_module_gives_a_name_once(trees):
    """The second of two functions of one name takes the place of the first, also for who meant that one."""
    for name, tree in trees.items():
        given = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
        assert sorted(given) == sorted(set(given)), name


def test_files_stay_short_or_are_listed_with_a_reason():
    long = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in [*sources(), *(ROOT / "tests").rglob("*.py")]}
    over = {name: lines for name, lines in long.items() if lines > MAX_FILE_LINES and name not in LONG_FILES}
    assert not over


def test_functions_stay_short(trees):
    over = {
        f"{name}:{node.name}": node.end_lineno - node.lineno + 1
        for name, tree in trees.items()
        for node in functions_of(tree)
        if node.end_lineno - node.lineno + 1 > MAX_FUNCTION_LINES
    }
    assert not over


def test_modules_begin_with_a_promise_of_one_line(trees):
    bad = {}
    for name, tree in trees.items():
        promise = (ast.get_docstring(tree) or "").partition("\n")[0]
        if not 0 < len(promise) <= MAX_PROMISE:
            bad[name] = promise
    assert not bad


def test_assert_is_for_tests_alone(trees):
    assert not [name for name, tree in trees.items() if any(isinstance(node, ast.Assert) for node in ast.walk(tree))]


def test_nothing_prints_but_the_tools(trees):
    prints = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        if not name.startswith(MAY_PRINT)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not prints


def is_wide(handler):
    if isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None:
        return False  # it cleans up and lets it through
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException")) for kind in kinds)


def test_exceptions_are_caught_wholesale_only_at_boundaries(trees):
    caught = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        if name not in BOUNDARIES
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and is_wide(node)
    ]
    assert not caught


def test_nobody_but_the_clock_sleeps_or_asks_the_time(trees):
    asked = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        if name not in MAY_ASK_THE_TIME and not name.startswith("benchmarks/")
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(alias.name == "time" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "time")
    ]
    assert not asked


def test_no_test_sleeps():
    slept = []
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "sleep"):
                slept.append(f"{name_of(path)}:{node.lineno}")
    assert not slept


def test_tests_are_no_packages():
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_packages_are_packages():
    assert all((ROOT / name / "__init__.py").is_file() for name in PACKAGES)


def test_no_file_names_a_machine_or_an_index_host():
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=False).stdout.split()
    named = []
    for name in listed:
        path = ROOT / name
        if name == "tests/test_style.py" or path.suffix in (".png", ".gz", ".csv") or not path.is_file():
            continue
        if FORBIDDEN_WORDS.search(path.read_text(encoding="utf-8", errors="replace")):
            named.append(name)
    assert not named


def test_requirements_are_pinned_with_hashes():
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
        wanted = [line for line in text.splitlines() if line and not line.startswith("#")]
        assert wanted
        assert all("==" in line and "--hash=sha256:" in line for line in wanted)
        assert "://" not in text


@pytest.mark.slow
def test_imports_go_down_only():
    if importlib.util.find_spec("importlinter") is None:
        pytest.fail("import-linter is not installed: make setup-dev")
    program = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    run = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
