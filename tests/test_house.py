"""The rules of the house that no linter holds: sizes, borders, and what a start imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from blendtui import cli, telling
from blendtui.bpy_wheel import LIBRARIES
from blendtui.engine import wishes
from blendtui.farm import decisions, events, scheduler
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.state import NoteKind
from blendtui.store.views import DeviceWish, JobWish
from blendtui.wording import explain
from blendtui.wording.sentences import SENTENCES
from scripts.audit import needed

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "blendtui"
OURS = sorted(
    path
    for room in ("blendtui", "tests", "benchmarks", "examples")
    for path in (ROOT / room).rglob("*.py")
)

MAY_BE_LONG: dict[str, str] = {}
"""Files of more than 400 lines, each with its reason. It stays empty."""

MAY_CATCH_ALL = {
    "blendtui/engine/arrivals.py": "one strange file must not end the farm, and each new start",
    "blendtui/engine/core.py": "no exception leaves the loop: it becomes the event of a failure",
    "blendtui/engine/station.py": "no exception leaves a device's task: it becomes the same",
    "blendtui/engine/pulse.py": "looking after a device goes on, whatever one look ends in",
    "blendtui/engine/wishes.py": "each wish is answered, whatever comes of it",
    "blendtui/notify/ways.py": "a hundred services of others: one that fails is told as such",
    "blendtui/commands/guarding.py": "a user never sees a traceback: the log file has it",
    "blendtui/devices/driver_parts.py": "Blender would print it, and go on in black",
    "blendtui/bpy_launcher.py": "whatever a script raises, Blender goes on",
}
"""Files with an `except Exception` that does not raise it again, each with its reason."""

POSIX_ONLY = {"fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "syslog", "curses"}
CONNECTING = {
    f"asyncssh.{name}"
    for name in (
        "connect",
        "connect_reverse",
        "create_connection",
        "run_client",
        "get_server_host_key",
    )
}
PUBLIC_SITES = {"www.gnu.org", "fsf.org", "learn.microsoft.com", "www.w3.org", "github.com"} | {
    "cdnjs.cloudflare.com",  # what screenshots of the control centre name
    "www.textualize.io",
}
FOR_EXAMPLE = {"tower", "127.0.0.1", "example.org", "host"}  # reserved names, and this machine
PRIVATE_PATH = re.compile(r"(?<![\w.*}/])/(?:work|root|Users|home/(?!render\b)\w+)/")
DRIVER = sorted((PACKAGE / "devices").glob("driver*.py"))
ADDON = sorted((PACKAGE / "addon").glob("*.py"))
ADDONS_PYTHON = (3, 10)
OLDEST_BLENDERS_PYTHON = (3, 7)


def _package() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _functions(paths: list[Path]) -> Iterator[tuple[str, int]]:
    for path in paths:
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                yield f"{_name(path)}:{node.lineno} {node.name}", lines


def _imported(nodes: list[ast.stmt]) -> Iterator[str]:
    """Name the modules that these statements import when they run, functions left out."""
    for node in nodes:
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                yield node.module or ""
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield from _imported(node.orelse)
            case ast.If() | ast.With():
                yield from _imported([*node.body, *getattr(node, "orelse", [])])


def _loaded_by(code: str) -> set[str]:
    """Give all modules that a fresh Python has loaded after this code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(); print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return set(done.stdout.splitlines()[-1].split())


def test_a_file_has_at_most_400_lines() -> None:
    sizes = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in OURS}
    long = {name: count for name, count in sizes.items() if count > 400}
    assert long.keys() == MAY_BE_LONG.keys(), long


def test_a_function_has_at_most_60_lines() -> None:
    assert [(name, lines) for name, lines in _functions(OURS) if lines > 60] == []


def test_95_of_100_functions_have_fewer_than_40_lines() -> None:
    ours = list(_functions(_package()))
    long = [name for name, lines in ours if lines >= 40]
    assert len(long) <= 0.05 * len(ours), long


def _catches_all(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False  # cleaning up and raising the same again hides nothing
    kinds = "BaseException" if handler.type is None else ast.unparse(handler.type)
    return re.search(r"\b(Base)?Exception\b", kinds) is not None


def test_nobody_catches_every_exception_but_the_places_with_a_reason() -> None:
    found = {
        _name(path)
        for path in OURS
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ExceptHandler) and _catches_all(node)
    }
    assert found == MAY_CATCH_ALL.keys()


HEAVY = {
    "textual",
    "asyncssh",
    "msgspec",
    "blender_asset_tracer",
    "watchdog",
    "asyncio",
    "sqlite3",
    "tomlkit",
}


HELP = """
from blendtui.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
"""


@pytest.mark.parametrize(
    ("start", "without"),
    [
        (HELP, HEAVY),
        ("import blendtui.headless", {"textual", "blender_asset_tracer"}),
        ("import blendtui.engine.core", {"textual", "blender_asset_tracer"}),
        ("import blendtui.status", HEAVY - {"msgspec", "sqlite3"}),
    ],
    ids=["help", "watch", "engine", "status"],
)
def test_a_start_loads_nothing_heavy_that_it_may_not_need(start: str, without: set[str]) -> None:
    loaded = _loaded_by(start)
    assert "blendtui" in loaded
    assert loaded & without == set()


SCREENS = """
import importlib, pkgutil, blendtui.tui
for module in pkgutil.walk_packages(blendtui.tui.__path__, "blendtui.tui."):
    importlib.import_module(module.name)
"""


@pytest.mark.skipif(not (PACKAGE / "tui").exists(), reason="there is no screen yet")
def test_the_screens_load_no_ssh_and_no_engine() -> None:
    foreign = {"asyncssh", "blendtui.engine", "blendtui.devices", "blendtui.store.journal"}
    assert _loaded_by(SCREENS) & foreign == set()


def test_each_fault_has_its_sentence_and_each_sentence_its_fault() -> None:
    assert set(SENTENCES) == set(FaultKind)


@pytest.mark.parametrize("kind", list(FaultKind))
def test_a_sentence_reads_well_without_its_facts(kind: FaultKind) -> None:
    said = explain(Fault.of(kind))
    for text in (said.what, said.cure):
        assert re.search(r"[{}\n]|  |None", text) is None
        assert text.endswith((".", "?", "`", '..." under [share].')), text


def test_each_thing_that_is_noted_has_its_line() -> None:
    assert telling._LINES.keys() == set(NoteKind)


@pytest.mark.parametrize("kind", get_args(JobWish))
def test_each_wish_about_a_job_can_be_made_on_the_command_line(kind: str) -> None:
    more = ["7"] if kind in ("priority", "frames", "again") else []
    options = cli._parser().parse_args([kind, "shot", *more])
    assert (options.command, options.kind, options.job) == ("request", kind, "shot")


@pytest.mark.parametrize("kind", get_args(DeviceWish))
def test_each_wish_about_a_device_can_be_made_on_the_command_line(kind: str) -> None:
    options = cli._parser().parse_args(["devices", kind, "left"])
    assert (options.command, options.kind, options.name) == ("request-device", kind, "left")
    assert kind in {*wishes.DEVICE_EVENTS, "clear-cache"}


def test_each_decision_names_the_event_of_its_failure_and_the_scheduler_takes_it() -> None:
    taken = set(scheduler._HANDLERS)
    assert taken == set(get_args(events.Event))
    for decision in get_args(decisions.Decision):
        blank = decision(*("?" for _ in decision.__dataclass_fields__))
        assert type(blank.failed(Fault.of(FaultKind.UNEXPECTED))) in taken, decision


def _needed(path: Path) -> set[str]:
    """Name the packages that a file imports, in functions too, but not for types only."""
    bodies = [
        node.body
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return {name for body in [_tree(path).body, *bodies] for name in _imported(body)}


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "farm").glob("*.py")), ids=lambda path: path.name
)
def test_the_rules_need_only_python_and_themselves(path: Path) -> None:
    outside = {name for name in _needed(path) if not name.startswith("blendtui.farm")}
    assert {name.partition(".")[0] for name in outside} <= sys.stdlib_module_names


@pytest.mark.parametrize("path", DRIVER, ids=lambda path: path.name)
def test_the_driver_needs_only_blender_its_python_and_itself(path: Path) -> None:
    own = {driver.stem for driver in DRIVER}
    needed = {name.partition(".")[0] for name in _needed(path)}
    # Cycles and NumPy come with Blender; one without them renders stills whole, and says so.
    with_blender = {"bpy", "mathutils", "cycles", "_cycles", "numpy"}
    assert needed <= sys.stdlib_module_names | with_blender | own


@pytest.mark.parametrize("path", ADDON, ids=lambda path: path.name)
def test_the_add_on_needs_only_blender_its_python_and_itself(path: Path) -> None:
    relative = {
        alias.name
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
    }
    needed = {name.partition(".")[0] for name in _needed(path) if name}
    assert needed <= sys.stdlib_module_names | {"bpy"}
    assert relative <= {one.stem for one in ADDON}
    ast.parse(path.read_text(encoding="utf-8"), feature_version=ADDONS_PYTHON)


@pytest.mark.parametrize("path", DRIVER, ids=lambda path: path.name)
def test_the_driver_can_be_read_by_the_python_of_the_oldest_blender(path: Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"), feature_version=OLDEST_BLENDERS_PYTHON)


def _connects(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "asyncssh"
    return isinstance(node, ast.Attribute) and ast.unparse(node) in CONNECTING


def test_one_file_opens_connections() -> None:
    found = {
        _name(path) for path in _package() for node in ast.walk(_tree(path)) if _connects(node)
    }
    assert found == {"blendtui/devices/connection.py"}


def test_the_workstation_needs_nothing_that_windows_lacks_to_be_loaded() -> None:
    for path in _package():
        assert POSIX_ONLY.isdisjoint(_imported(_tree(path).body)), _name(path)


def test_the_set_up_installs_the_libraries_that_the_wheel_names() -> None:
    script = (ROOT / "scripts" / "setup.sh").read_text(encoding="utf-8")
    named = script.partition('for_wheel="')[2].partition('"')[0]
    assert named.split() == LIBRARIES.split()


def _texts() -> Iterator[tuple[str, str]]:
    """Give all texts of the tree that are ours, besides this one and the license."""
    folders = ("blendtui", "tests", "benchmarks", "examples", "docs", "scripts", ".ci")
    inside = [path for name in folders for path in (ROOT / name).rglob("*")]
    for path in [*ROOT.glob("*"), *inside]:
        if path.is_file() and path.name not in ("LICENSE", "test_house.py", ".git"):
            data = path.read_bytes()
            if b"\0" not in data:
                yield _name(path), data.decode("utf-8")


def test_what_an_extra_brings_along_is_looked_up_among_vulnerabilities_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    assert {"apprise", "asyncssh", "requests"} <= needed().keys()


def test_no_text_speaks_of_the_machine_that_it_was_written_on() -> None:
    for name, text in _texts():
        assert PRIVATE_PATH.search(text) is None, name
        hosts = set(re.findall(r"\b[a-z]+://(?:[\w:]+@)?([\w.-]+)", text))
        assert hosts <= PUBLIC_SITES | FOR_EXAMPLE, name
