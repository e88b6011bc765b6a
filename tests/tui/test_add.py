"""Adding a project: it is shown what it is, and what is chosen arrives on the share."""

from __future__ import annotations

import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input, Label, ProgressBar

from blendtui.intake.archive import Unpacked, unpack
from blendtui.sending import send
from blendtui.settings import Limits
from blendtui.tui.screens.add import AddScreen
from blendtui.tui.screens.farm import HomeScreen
from blendtui.tui.widgets.blends import BlendList
from blendtui.tui.widgets.form import Field, Form
from blendtui.tui.widgets.projects import ProjectTree
from tests.support.centres import Prepared, until
from tests.support.zips import zip_bytes

SAMPLE = Path(__file__).parents[2] / "examples" / "bouncing.zip"


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Prepared]:
    folder = tmp_path / "projects"
    folder.mkdir()
    shutil.copy(SAMPLE, folder / "[red]shot.zip")
    (folder / "notes.txt").touch()
    (folder / ".hidden.zip").touch()
    (folder / "renders").mkdir()
    with Prepared(tmp_path) as prepared:
        prepared.devices(1)
        yield prepared


async def opened(pilot: Pilot[int], farm: Prepared) -> AddScreen:
    screen = AddScreen(farm.root / "projects")
    await pilot.app.push_screen(screen)
    await until(pilot, lambda: screen.query_one(ProjectTree).root.children)
    return screen


async def choose(pilot: Pilot[int], screen: AddScreen, path: Path) -> None:
    box = screen.query_one("#path", Input)
    box.value = str(path)
    box.focus()
    await pilot.press("enter")


@pytest.mark.parametrize("begin", ["/", "~"])
async def test_a_path_is_typed_from_within_the_tree(farm: Prepared, begin: str) -> None:
    async with farm.centre().run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, farm)
        await until(pilot, lambda: screen.query_one(ProjectTree).has_focus)
        await pilot.press({"/": "slash", "~": "tilde"}[begin], *"no")
        assert screen.query_one("#path", Input).value == f"{begin}no"
        await pilot.press("slash")
        assert screen.query_one("#path", Input).value == f"{begin}no/"


@pytest.mark.parametrize("dropped", ["{}", "'{}' ", "{}\n", "escaped"])
async def test_a_path_that_is_pasted_is_looked_at_wherever_one_is(
    farm: Prepared, dropped: str
) -> None:
    path = several(farm)
    path = path.rename(path.with_name("my shot.zip"))
    text = str(path).replace(" ", "\\ ") if dropped == "escaped" else dropped.format(path)
    async with farm.centre().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, farm)
        await until(pilot, lambda: screen.query_one(ProjectTree).has_focus)
        pilot.app.post_message(Paste(text))
        await until(pilot, lambda: screen.query_one(BlendList).has_focus)
        assert screen.query_one("#path", Input).value == str(path)


async def test_a_long_text_that_is_pasted_is_no_project(farm: Prepared) -> None:
    async with farm.centre().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, farm)
        pilot.app.post_message(Paste("x" * 5000))
        await until(pilot, lambda: "neither a .zip nor a .blend" in told(screen))


def several(farm: Prepared, jobfile: str = "") -> Path:
    """Make a zip with three .blend files in one folder, none of them the only one at its top."""
    path = farm.root / "projects" / "[red]shot.zip"
    with zipfile.ZipFile(SAMPLE) as sample:
        data = sample.read("bouncing.blend")
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("day", "[b]night", "parts/tree"):
            archive.writestr(f"shots/{name}.blend", data)
        if jobfile:
            archive.writestr("shots/job.toml", jobfile)
    return path


def offers(screen: AddScreen) -> list[str]:
    view = screen.query_one(BlendList)
    return [str(option.prompt) for option in view.options] if view.display else []


def told(screen: AddScreen) -> str:
    return str(screen.query_one("#about-project Static").render())


def drops(farm: Prepared) -> list[str]:
    return sorted(path.name for path in (farm.root / "share").iterdir())


def sent(farm: Prepared) -> Unpacked:
    return unpack(farm.root / "share" / "[red]shot.zip", farm.root / "unpacked", Limits())


async def test_only_folders_and_projects_are_offered(farm: Prepared) -> None:
    async with farm.centre().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, farm)
        nodes = screen.query_one(ProjectTree).root.children
        assert [str(node.label) for node in nodes] == ["renders", "[red]shot.zip"]


async def test_a_project_is_chosen_in_the_tree_and_sent_as_it_is(farm: Prepared) -> None:
    async with farm.centre().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, farm)
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: "24 frames (1-24)" in told(screen))
        assert "[red]shot.zip" in told(screen)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
    assert drops(farm) == ["[red]shot.zip"]
    assert (farm.root / "share" / "[red]shot.zip").read_bytes() == SAMPLE.read_bytes()


async def test_what_is_chosen_stands_in_the_drop(farm: Prepared) -> None:
    async with farm.centre().run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, farm)
        await choose(pilot, screen, farm.root / "projects" / "[red]shot.zip")
        await until(pilot, lambda: screen.query_one(Form).has_focus_within)
        await pilot.press(*"1-12x2", "down", *"80")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
    found = sent(farm)
    assert (found.jobfile.frames, found.jobfile.priority) == ("1-12x2", 80)
    assert (farm.root / "projects" / "[red]shot.zip").read_bytes() == SAMPLE.read_bytes()


async def test_a_mistake_is_told_at_its_field_and_nothing_is_sent(farm: Prepared) -> None:
    async with farm.centre().run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, farm)
        await choose(pilot, screen, farm.root / "projects" / "[red]shot.zip")
        await until(pilot, lambda: screen.query_one(Form).has_focus_within)
        await pilot.press(*"9-1", "down", "down", *"gpu", "ctrl+s")
        await pilot.pause()
        problems = [str(one.render()) for one in screen.query(".field-problem")]
        assert "runs backwards" in problems[0]
        assert "No device has the tag “gpu”" in problems[2]
        assert isinstance(pilot.app.screen, AddScreen)
    assert drops(farm) == []


async def test_a_project_that_would_be_refused_says_why(farm: Prepared) -> None:
    (farm.root / "projects" / "empty.zip").write_bytes(zip_bytes("readme.txt"))
    async with farm.centre().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, farm)
        await choose(pilot, screen, farm.root / "projects" / "empty.zip")
        await until(pilot, lambda: "holds no .blend" in told(screen) or "✗" in told(screen))
        assert not screen.query(Field)
        await pilot.press("ctrl+s")
        assert isinstance(pilot.app.screen, AddScreen)
    assert drops(farm) == []


async def test_of_several_blends_one_is_chosen_and_stands_in_the_drop(farm: Prepared) -> None:
    path = several(farm)
    before = path.read_bytes()
    async with farm.centre().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, farm)
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: screen.query_one(BlendList).has_focus)
        assert "Choose the .blend to render below." in told(screen)
        assert offers(screen) == [
            *("  shots/[b]night.blend", "  shots/day.blend", "  shots/parts/tree.blend")
        ]
        await pilot.press("ctrl+s")
        assert drops(farm) == []
        await pilot.press("down", "enter")
        await until(pilot, lambda: screen.query_one(Form).has_focus_within)
        assert "renders shots/day.blend" in told(screen)
        await pilot.pause()
        assert screen.query_one("#send").region.bottom <= 23
        assert screen.query_one("#about-project").region.height >= 4
        await pilot.press("up", "up", "enter")
        await until(pilot, lambda: "renders shots/[b]night.blend" in told(screen))
        await until(pilot, lambda: screen.query_one(Form).has_focus_within)
        assert offers(screen)[0] == "▸ shots/[b]night.blend"
        await pilot.press(*"1-3", "ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
    found = sent(farm)
    assert (found.jobfile.blend, found.jobfile.frames) == ("shots/[b]night.blend", "1-3")
    assert found.project.blend == "shots/[b]night.blend"
    assert path.read_bytes() == before


async def test_another_than_job_toml_names_can_be_chosen_and_the_rest_of_it_stays(
    farm: Prepared,
) -> None:
    path = several(farm, 'blend = "day.blend"\npriority = 70\n')
    async with farm.centre().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, farm)
        await choose(pilot, screen, path)
        await until(pilot, lambda: screen.query_one(Form).has_focus_within)
        assert offers(screen)[1] == "▸ shots/day.blend"
        await pilot.press("up", "down", "up", "down", "down", "down")
        assert screen.query_one(Form).has_focus_within
        await pilot.press("up", "up", "enter")
        await until(pilot, lambda: "renders shots/parts/tree.blend" in told(screen))
        await until(pilot, lambda: screen.query_one(Form).has_focus_within)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
    found = sent(farm)
    assert found.project.blend == "shots/parts/tree.blend"
    assert (found.jobfile.blend, found.jobfile.priority) == ("shots/parts/tree.blend", 70)


async def test_one_that_job_toml_names_in_vain_is_told_and_others_offered(farm: Prepared) -> None:
    path = several(farm, 'blend = "dusk.blend"\n')
    async with farm.centre().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, farm)
        await choose(pilot, screen, path)
        await until(pilot, lambda: screen.query_one(BlendList).has_focus)
        assert "job.toml names “dusk.blend”" in told(screen)
        assert len(offers(screen)) == 3
        await choose(pilot, screen, SAMPLE)
        await until(pilot, lambda: screen.query_one(Form).has_focus_within)
        assert offers(screen) == []


async def test_a_folder_and_a_file_that_is_no_project(farm: Prepared) -> None:
    async with farm.centre().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, farm)
        await choose(pilot, screen, farm.root / "projects" / "notes.txt")
        await until(pilot, lambda: "neither a .zip nor a .blend" in told(screen))
        await choose(pilot, screen, farm.root)
        await until(pilot, lambda: screen.query_one(ProjectTree).path == farm.root)
        await choose(pilot, screen, farm.root / "projects" / "gone.zip")
        await until(pilot, lambda: "✗" in told(screen))


async def test_escape_stops_a_copy_and_leaves_nothing(
    farm: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = threading.Event()
    go_on = threading.Event()

    def slowly(source: Path, share: Path, job: dict[str, object],
               told: Callable[[int, int], None]) -> Path:  # fmt: skip
        def told_slowly(done: int, total: int) -> None:
            half.set()
            assert go_on.wait(20)
            told(done, total)

        return send(source, share, job, told_slowly)

    monkeypatch.setattr("blendtui.tui.screens.add.send", slowly)
    async with farm.centre().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, farm)
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: screen.query_one(Form).has_focus_within)
        await pilot.press("ctrl+s")
        await until(pilot, half.is_set)
        assert screen.query_one(ProgressBar).display
        assert [name.startswith(".blendtui-") for name in drops(farm)] == [True]
        await pilot.press("escape")
        go_on.set()
        await until(pilot, lambda: not screen.query_one(ProgressBar).display)
        assert drops(farm) == []
        assert isinstance(pilot.app.screen, AddScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))


async def test_a_value_that_would_be_refused_is_told_at_its_field_and_not_sent(
    farm: Prepared,
) -> None:
    async with farm.centre().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, farm)
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: screen.query_one(Form).has_focus_within)
        others = list(screen.query(Field))[-1]
        others.query_one(Input).value = 'percentage = 0, samples = "x"'
        problem = others.query_one(".field-problem", Label)
        await until(pilot, lambda: "“percentage” is out of range" in str(problem.render()))
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert isinstance(pilot.app.screen, AddScreen)
    assert drops(farm) == []
