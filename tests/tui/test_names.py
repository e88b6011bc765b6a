"""Names from other people are shown harmlessly, on every screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.text import Text

from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceSpec, JobSpec
from blendtui.tui.app import ControlCentre
from tests.support.centres import Prepared, until

NAMES = {
    "markup": "[red]shot[/red] [@click=app.exit]x[/]",
    "broken markup": "[/] [bold [[",
    "control characters": "a\x1b[31mb\x07c\x9bd\ne\rf",
    "emoji": "👩‍👩‍👧 🎬 カット",
    "right to left": "\u202eexe.tohs\u202c שלום مرحبا",
    "200 characters": "long" * 50,
    "for a shell": "-rf '\"$(touch PWNED)`touch PWNED`\n; rm *",
    "combining": "e" + "\u0301" * 60,
}


@pytest.fixture(params=list(NAMES), ids=list(NAMES))
def name(request: pytest.FixtureRequest) -> str:
    return NAMES[request.param]


@pytest.fixture
def farm(tmp_path: Path, name: str) -> Iterator[Prepared]:
    with Prepared(tmp_path) as prepared:
        prepared.tell(ev.DevicesSet((DeviceSpec("tower"), DeviceSpec("oldpc"))))
        prepared.tell(ev.DeviceReached("tower"))
        lost = Fault.of(FaultKind.LINK_LOST, device="oldpc", detail=name)
        prepared.tell(ev.DeviceLost("oldpc", lost))
        prepared.tell(ev.JobAdded(JobSpec(name, "a.blend", tuple(range(1, 31)))))
        prepared.ready()
        prepared.render(3)
        prepared.begin()
        yield prepared


def shown(app: ControlCentre) -> list[str]:
    """Give the lines on the screen, as a terminal would be sent them."""
    lines = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in lines]


@pytest.mark.parametrize("screen", ["farm", "job", "device", "lost device", "question"])
async def test_a_name_neither_acts_nor_disturbs_the_screen(
    farm: Prepared, name: str, screen: str
) -> None:
    app = farm.centre()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        if screen == "job":
            app.open_job(name)
        elif screen == "device":
            app.open_device("tower")
        elif screen == "lost device":
            app.open_device("oldpc")
        elif screen == "question":
            await pilot.press("x")
        await pilot.pause()
        await until(pilot, lambda: len(shown(app)) == 24)
        lines = shown(app)
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "".join(lines))
        assert {Text(line).cell_len for line in lines} == {80}
        if name.startswith("["):
            assert any("[" in line for line in lines)
    assert app.return_value is None
