"""The editor of devices.toml: what is typed is what the file says, and nothing else changes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from blendtui.config import check, load
from blendtui.tui.app import ControlCentre
from blendtui.tui.draft import meant, written
from blendtui.tui.finding import look_around
from blendtui.tui.screens.checkup import CheckScreen
from blendtui.tui.screens.clash import ClashScreen
from blendtui.tui.screens.editor import EditorScreen
from blendtui.tui.screens.farm import HomeScreen
from blendtui.tui.screens.sure import SureScreen
from blendtui.tui.widgets.form import Field, Form
from tests.support.centres import until
from tests.support.sshd import free_port

FILE = """\
# ours
[share]
path = "./share"   # here

[defaults]
slots = 2

[devices.left]
host = "local"   # this one
# port = 1

[devices.right]
host = "local"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "share").mkdir()
    path = tmp_path / "devices.toml"
    path.write_text(FILE)
    return path


def centre(path: Path) -> ControlCentre:
    state = path.parent / "state"
    return ControlCentre(
        lambda: look_around(path, None, state), config=path, state=state, keeps_engine=False
    )


@pytest.fixture
def app(path: Path) -> Iterator[ControlCentre]:
    yield centre(path)


def said(path: Path) -> str:
    """Give what the file says."""
    return path.read_text()


def change_by_hand(path: Path, text: str) -> None:
    """Do as somebody with a text editor."""
    path.write_text(text)


def beside(path: Path) -> list[str]:
    """Name what is in the file's folder."""
    return sorted(one.name for one in path.parent.iterdir())


async def opened(pilot: Pilot[int]) -> None:
    await pilot.pause()
    pilot.app.action_editor()  # type: ignore[attr-defined]
    # It takes the focus last, or says why the file can't be changed.
    await until(pilot, lambda: pilot.app.screen.query("#places:focus, #about-file.whole"))
    await pilot.pause()


def field(pilot: Pilot[int], label: str) -> Field:
    return next(one for one in pilot.app.screen.query(Field) if one.setting.label == label)


def labels(pilot: Pilot[int]) -> list[str]:
    return [one.setting.label for one in pilot.app.screen.query(Field)]


def stands(pilot: Pilot[int], label: str) -> list[str]:
    """Give what stands in the fields of that name: in none while another form is being shown."""
    fields = [one for one in pilot.app.screen.query(Field) if one.setting.label == label]
    return [box.value for one in fields for box in one.query(Input)]


def problem(pilot: Pilot[int], label: str) -> str:
    return str(field(pilot, label).query_one(".field-problem").render())


async def typed(pilot: Pilot[int], label: str, text: str) -> None:
    """Type into a field, in the place of what stands there."""
    await until(pilot, lambda: label in labels(pilot) and field(pilot, label).query(Input))
    await until(pilot, lambda: field(pilot, label).is_mounted)
    box = field(pilot, label).query_one(Input)
    box.focus()
    box.value = ""
    await pilot.pause()
    await pilot.press(*text)
    await pilot.pause()


def listed(pilot: Pilot[int]) -> list[str]:
    view = pilot.app.screen.query_one("#places", OptionList)
    return [str(view.get_option_at_index(n).prompt) for n in range(view.option_count)]


def status(pilot: Pilot[int]) -> str:
    return str(pilot.app.screen.query_one("#about-file").render())


async def test_what_is_typed_is_written_and_all_else_stays(app: ControlCentre, path: Path) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await typed(pilot, "port", "2222")
        await typed(pilot, "tags", "gpu, fast")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "2222" in said(path))
    after = FILE.replace(
        'host = "local"   # this one\n',
        'host = "local"   # this one\nport = 2222\ntags = ["gpu", "fast"]\n',
    )
    assert said(path) == after


async def test_a_mistake_is_told_at_its_field_as_one_types_and_not_saved(
    app: ControlCentre, path: Path
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await typed(pilot, "port", "x")
        await until(pilot, lambda: "whole number from 1 to 65535" in problem(pilot, "port"))
        assert listed(pilot)[2] == "✗ left"
        assert "✗ 1 problem" in status(pilot)
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert said(path) == FILE
        await typed(pilot, "port", "22")
        await until(pilot, lambda: not problem(pilot, "port"))
        assert "problem" not in status(pilot)


async def test_an_empty_field_is_no_setting(app: ControlCentre, path: Path) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        app.screen.query_one("#places", OptionList).highlighted = 1
        await until(pilot, lambda: stands(pilot, "slots") == ["2"])
        await typed(pilot, "slots", "")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: said(path) == FILE.replace("slots = 2\n", ""))


async def test_what_holds_without_a_setting_is_shown(app: ControlCentre) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        shown = {one.setting.label: one.query_one(Input) for one in app.screen.query(Field)}
        assert shown["slots"].placeholder == "2 ([defaults])"
        assert shown["blender"].placeholder == "those in the usual places"
        shown["cache"].focus()
        await until(pilot, lambda: "room" in str(app.screen.query_one("#meaning").render()))


async def test_a_device_is_added_named_and_saved(app: ControlCentre, path: Path) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("ctrl+n")
        await until(pilot, lambda: listed(pilot)[-1].endswith("device"))
        await pilot.press(*"tower")
        await until(pilot, lambda: listed(pilot)[-1] == "✗ tower")
        assert "is missing" in problem(pilot, "host")
        await typed(pilot, "host", "tower")
        await until(pilot, lambda: not problem(pilot, "host"))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "[devices.tower]" in said(path))
    assert said(path) == f'{FILE}\n[devices.tower]\nhost = "tower"\n'


async def test_a_name_that_is_there_or_cannot_be_used_is_told(app: ControlCentre) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await typed(pilot, "name", "right")
        await until(pilot, lambda: "already" in problem(pilot, "name"))
        await typed(pilot, "name", "old pc")
        await until(pilot, lambda: "a name of at most 64 letters" in problem(pilot, "name"))
        await typed(pilot, "name", "loft")
        await until(pilot, lambda: listed(pilot)[2:] == ["  loft", "  right"])
        assert not problem(pilot, "name")


async def test_a_device_is_copied_with_its_settings(app: ControlCentre, path: Path) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await typed(pilot, "threads", "8")
        await pilot.press("ctrl+y")
        await until(pilot, lambda: len(listed(pilot)) == 5)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "[devices.left-2]" in said(path))
    devices = {device.name: device for device in load(path).devices}
    assert devices["left-2"].threads == 8


async def test_a_device_is_removed_if_that_is_meant(app: ControlCentre, path: Path) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("ctrl+r", "n", "ctrl+r", "y")
        await until(pilot, lambda: len(listed(pilot)) == 3)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "left" not in said(path))
    assert said(path) == FILE[: FILE.index("[devices.left]")] + '[devices.right]\nhost = "local"\n'


@pytest.mark.parametrize(("key", "mine", "theirs"), [("b", 1, 1), ("m", 1, 0), ("t", 0, 1)])
async def test_a_change_made_by_hand_is_shown_and_one_chooses(
    app: ControlCentre, path: Path, key: str, mine: int, theirs: int
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await typed(pilot, "port", "2222")
        change_by_hand(path, FILE.replace("# this one", "# by hand"))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ClashScreen))
        shown = str(app.screen.query_one("#difference Static").render())
        assert "by hand" in shown
        assert "+port = 2222" in shown
        assert "2222" not in said(path)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await until(pilot, lambda: said(path).count("2222") == mine)
        assert said(path).count("by hand") == theirs


async def test_leaving_with_changes_asks(app: ControlCentre, path: Path) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await typed(pilot, "port", "2222")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, SureScreen))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SureScreen))
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
    assert said(path) == FILE


async def test_a_file_with_a_mistake_of_its_own_can_be_mended(path: Path) -> None:
    change_by_hand(path, FILE.replace('"local"   # this one', '"a b"\nprot = 22'))
    app = centre(path)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "✗ 2 problems" in status(pilot)
        await until(pilot, lambda: "an address" in problem(pilot, "host"))


async def test_a_file_that_is_not_toml_is_left_alone(path: Path) -> None:
    change_by_hand(path, "[devices.left\nhost = [red]x")
    app = centre(path)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "this is not TOML" in status(pilot)
        await pilot.press("ctrl+n", "ctrl+s")
        await pilot.pause()
    assert said(path) == "[devices.left\nhost = [red]x"


async def test_from_nothing_to_a_farm(tmp_path: Path) -> None:
    path = tmp_path / "new" / "devices.toml"
    app = centre(path)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "a new file" in status(pilot)
        await typed(pilot, "path", "./renders")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "name" in labels(pilot))
        await typed(pilot, "host", "local")
        await until(pilot, lambda: not problem(pilot, "host"))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SureScreen))
        await pilot.press("y")
        await until(pilot, (tmp_path / "new" / "renders").is_dir)
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
    assert check(path)[1] == ()


async def test_a_wrong_port_is_told_by_the_test_before_anything_is_saved(
    app: ControlCentre, path: Path
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await typed(pilot, "host", "127.0.0.1")
        await typed(pilot, "port", str(free_port()))
        await pilot.press("ctrl+t")
        await until(pilot, lambda: isinstance(app.screen, CheckScreen))
        found = app.screen.query_one("#found Static")
        await until(pilot, lambda: "127.0.0.1" in str(found.render()))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        assert said(path) == FILE
        assert beside(path) == [
            "devices.toml",
            "share",
            "state",
        ]


async def test_the_form_is_gone_through_by_keyboard(app: ControlCentre) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: field(pilot, "name").has_focus_within)
        await pilot.press("down", "down")
        assert field(pilot, "port").has_focus_within
        await pilot.press("up")
        assert field(pilot, "host").has_focus_within
        await pilot.press("escape")
        assert app.screen.query_one("#places").has_focus
        assert not app.screen.query_one(Form).has_focus_within


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("port", "22", 22),
        ("port", "two", "two"),
        ("port", "1_0", "1_0"),
        ("performance", "2.5", 2.5),
        ("enabled", "False", False),
        ("enabled", "maybe", "maybe"),
        ("cache", "5", 5),
        ("cache", "5 GiB", "5 GiB"),
        ("tags", "a, b,", ["a", "b"]),
        ("env", "A=1, B=x=y", {"A": "1", "B": "x=y"}),
        ("env", "A", "A"),
        ("user", "7", "7"),
    ],
)
def test_what_is_typed_is_meant(key: str, text: str, value: object) -> None:
    assert meant(key, text) == value
    assert meant(key, written(value)) == value


async def test_what_is_typed_while_a_form_is_still_being_shown_is_taken(
    app: ControlCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount_all = Form.mount_all
    begun, rest = asyncio.Event(), asyncio.Event()

    async def in_two_steps(form: Form, fields: list[Field]) -> None:
        await mount_all(form, fields[:1])
        begun.set()
        await rest.wait()
        await mount_all(form, fields[1:])

    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, EditorScreen)
        monkeypatch.setattr(Form, "mount_all", in_two_steps)
        screen.call_later(screen.action_new)
        await begun.wait()
        name = screen.query_one(Form).query(Input).first()
        is_in = asyncio.Event()
        name.call_later(name.insert, "new-", 0)
        name.call_later(is_in.set)
        await is_in.wait()
        rest.set()
        await until(pilot, lambda: any(one.endswith("new-device") for one in listed(pilot)))
