"""The control centre as a web page: who is let in, and to what."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from aiohttp import WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer

from blendtui.tui.serving import COOKIE, Page, is_loopback
from tests.support.house import House
from tests.support.sshd import free_port

TOKEN = "a-token-that-nobody-guesses"


@asynccontextmanager
async def page(host: str = "127.0.0.1", has_token: bool = True) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]
    """A visitor of the page, who was let in before or not."""
    told: list[str] = []
    served = Page(["--nothing"], host, 8000, TOKEN, told.append)
    kept = {COOKIE: TOKEN} if has_token else {}
    async with TestClient(TestServer(await served._make_app()), cookies=kept) as client:
        yield client


async def test_the_page_is_served_to_this_machine() -> None:
    async with page() as client:
        answer = await client.get("/")
        assert answer.status == 200
        assert "blendtui" in await answer.text()
        assert "connect-src 'self'" in answer.headers["Content-Security-Policy"]
        assert (await client.get("/static/js/textual.js")).status == 200


@pytest.mark.parametrize(
    "path",
    ["/static/", "/static/js/", "/static/../server.py", "/static/js/..%2f..%2fserver.py",
     "/download/x", "/etc/passwd", "/static/js/nothing.js", "/ws/", "/index.html"],
)  # fmt: skip
async def test_no_other_path_is_served(path: str) -> None:
    async with page() as client:
        assert (await client.get(path)).status == 404


async def test_a_name_that_somebody_gave_to_this_machine_is_refused() -> None:
    async with page() as client:
        answer = await client.get("/", headers={"Host": "render1.example.org"})
        assert answer.status == 403


@pytest.mark.parametrize("origin", ["", "http://tower", "https://tower:1"])
async def test_a_websocket_must_come_from_the_page_itself(origin: str) -> None:
    async with page() as client:
        with pytest.raises(WSServerHandshakeError) as caught:
            await client.ws_connect("/ws", headers={"Origin": origin})
        assert caught.value.status == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - nothing listens there
async def test_nobody_comes_in_without_the_token(host: str) -> None:
    async with page(host, has_token=False) as client:
        for path in ("/", "/?token=wrong", "/static/js/textual.js", "/ws", "/?token="):
            assert (await client.get(path)).status in (401, 403), path


async def test_the_token_lets_in_once_and_a_cookie_from_then_on() -> None:
    async with page(has_token=False) as client:
        answer = await client.get(f"/?token={TOKEN}", allow_redirects=False)
        assert answer.status == 303
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert answer.headers["Location"] == "/"
        assert (await client.get("/")).status == 200


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),  # noqa: S104
     ("192.168.1.2", False), ("render1.example.org", False), ("", False)],
)  # fmt: skip
def test_loopback_is_what_only_this_machine_reaches(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def status(host: str, path: str) -> int:
    with closing(http.client.HTTPConnection(host, timeout=30)) as visitor:
        visitor.request("GET", path)
        with visitor.getresponse() as answer:
            return answer.status


def test_another_user_of_this_machine_does_not_come_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house = House(tmp_path, capsys)
    places = ["--devices", str(house.config), "--state", str(house.state)]
    words = ["serve", "--port", str(free_port()), *places]
    served = subprocess.Popen(
        [sys.executable, "-m", "blendtui", *words], stdout=subprocess.PIPE, text=True
    )
    try:
        assert served.stdout is not None
        found = re.search(r"http://(\S+?)(/\S*)", served.stdout.readline())
        assert found is not None
        assert "can steer the farm." in served.stdout.readline()
        assert (status(found[1], "/"), status(found[1], found[2])) == (401, 303)
    finally:
        served.terminate()
        served.communicate(timeout=30)
