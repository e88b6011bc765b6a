"""People are told by the farm itself: a real watcher, a real command, a real web server."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.support.farm import Farm
from tests.support.mailboxes import Mailbox
from tests.support.scenes import needs_blender, scenes
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd]


@pytest.fixture
def farm() -> Iterator[Farm]:
    with Farm() as made:
        yield made


def test_a_job_that_is_done_and_a_drop_that_is_refused_are_told(farm: Farm) -> None:
    told = farm.root / "told"
    hook = farm.root / "hook.py"
    hook.write_text(
        "import os\n"
        f"with open({str(told)!r}, 'a') as file:\n"
        "    print(os.environ['BLENDTUI_EVENT'], os.environ.get('BLENDTUI_JOB'), file=file)\n"
    )
    with Mailbox() as mailbox:
        with farm.config.open("a", encoding="utf-8") as file:
            command = f"[{sys.executable!r}, {str(hook)!r}]"
            file.write(f'\n[notify]\nurls = ["{mailbox.url}"]\ncommand = {command}\n')
        (farm.root / "notes.txt").write_text("nothing to render")
        farm.drop("empty.zip", farm.root / "notes.txt")
        farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-2"})
        farm.watch("--once")
        assert farm.end() == 0, farm.printed()
        titles = [mailbox.got.get(timeout=20)["title"] for _ in range(2)]
    assert sorted(titles) == ["blendtui: empty.zip was refused", "blendtui: shot is done"]
    assert sorted(told.read_text().splitlines()) == ["done shot", "failed None"]
    assert "secret" not in farm.printed()
