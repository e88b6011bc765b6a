"""`blendtui serve` in a real browser."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.farm import Farm
from tests.support.scenes import needs_blender, scenes
from tests.support.sshd import free_port, needs_sshd

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")
pytestmark = [needs_blender, needs_sshd, needs_chromium]


@pytest.fixture
def farm() -> Iterator[Farm]:
    with Farm() as made:
        yield made


def serve(farm: Farm, *words: str) -> tuple[subprocess.Popen[str], str]:
    """Serve the control centre; gives the process and the address that it printed."""
    page = subprocess.Popen(
        farm.command("serve", "--port", str(free_port()), *words),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert page.stdout is not None
    said = page.stdout.readline()
    found = re.search(r"http://\S+", said)
    assert found is not None, said + page.stdout.read()
    return page, found[0]


def state(farm: Farm, wanted: str, seconds: float = 60) -> None:
    farm.until(
        lambda views: (job := views.job("shot")) is not None and job.state == wanted, seconds
    )


def press(farm: Farm, page: Any, wanted: str) -> None:
    """Press space until the job is as wanted: what the page shows is pixels, not words."""
    page.locator(".textual-terminal").click(position={"x": 40, "y": 60})
    for _ in range(10):
        page.keyboard.press("Space")
        with contextlib.suppress(AssertionError):
            return state(farm, wanted, seconds=5)
    raise AssertionError(f"the job never was {wanted}")


@pytest.mark.parametrize("words", [(), ("--host", "0.0.0.0")])  # noqa: S104 - with a token
def test_the_page_shows_the_farm_and_a_key_pauses_the_job(
    farm: Farm, words: tuple[str, ...]
) -> None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is one

    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-2000"})
    page, address = serve(farm, *words)
    try:
        state(farm, "active")
        with sync_playwright() as browsers:
            browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            seen = browser.new_page()
            seen.goto(address.replace("0.0.0.0", "127.0.0.1"))  # noqa: S104
            seen.wait_for_selector("body.-first-byte", timeout=30_000)
            press(farm, seen, "paused")
            press(farm, seen, "active")
            other = browser.new_page()
            other.goto(address.replace("0.0.0.0", "127.0.0.1"))  # noqa: S104
            other.wait_for_selector("body.-first-byte", timeout=30_000)
            press(farm, other, "paused")
            browser.close()
    finally:
        page.terminate()
        page.communicate(timeout=30)
        assert page.returncode == 0
