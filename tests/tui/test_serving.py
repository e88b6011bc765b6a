"""The control centre as a web page: who is let in, and to what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer

from blendtui.tui.serving import Page, is_loopback

TOKEN = "a-token-that-nobody-guesses"


@asynccontextmanager
async def page(host: str = "127.0.0.1", token: str | None = None) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]
    told: list[str] = []
    served = Page(["--nothing"], host, 8000, token, told.append)
    async with TestClient(TestServer(await served._make_app())) as client:
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


async def test_nobody_comes_in_without_the_token() -> None:
    async with page("0.0.0.0", TOKEN) as client:  # noqa: S104 - nothing listens there
        for path in ("/", "/?token=wrong", "/static/js/textual.js", "/ws", "/?token="):
            assert (await client.get(path)).status in (401, 403), path


async def test_the_token_lets_in_once_and_a_cookie_from_then_on() -> None:
    async with page("0.0.0.0", TOKEN) as client:  # noqa: S104 - nothing listens there
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
