"""The control centre as a web page: textual-serve, let in by token: loopback is for all users."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import re
import secrets
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

COOKIE = "blendtui"
"""Holds the token once somebody has come in with it."""

POLICY = "default-src 'self' 'unsafe-inline' data:; connect-src 'self' ws: wss:"
"""Nothing is fetched from elsewhere: the page works without the Internet, and tells nobody."""

FIRST_PORT = 8000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def new_token() -> str:
    """Give a token that nobody guesses."""
    return secrets.token_urlsafe(24)


class Page(Server):
    """Serves one control centre a visitor, each a process of its own that joins the engine.

    Only `/`, the websocket and the page's own files are served. Pages of other sites can't speak
    to it: a websocket must come from the page itself. Nobody comes in without the token.
    """

    def __init__(
        self,
        words: Sequence[str],
        host: str,
        port: int,
        token: str,
        announce: Callable[[str], None],
    ) -> None:
        command = shlex.join([sys.executable, "-m", "blendtui.tui.page", *words])
        super().__init__(command, host=host, port=port, title="blendtui")
        self._token = token
        self._announce = announce

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who may, to what there is."""
        if not (request.path in ("/", "/ws") or _is_file(request.path)):
            raise web.HTTPNotFound
        if not self._is_named(request.host):
            raise web.HTTPForbidden(text="This page is not known by that name here.")
        if request.path == "/ws" and not _is_own(request):
            raise web.HTTPForbidden(text="Only the page itself may connect.")
        if not self._is_known(request):
            return self._greet(request)
        response = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = POLICY
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Frame-Options"] = "DENY"
        return response

    def _is_named(self, host: str) -> bool:
        """Whether a page on this machine was asked for as such, not by a name of somebody's."""
        name = urlsplit(f"//{host}").hostname or ""
        return not is_loopback(self.host) or is_loopback(name)

    def _is_known(self, request: web.Request) -> bool:
        return self._is_right(request.cookies.get(COOKIE, ""))

    def _is_right(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._token.encode())

    def _greet(self, request: web.Request) -> web.StreamResponse:
        """Take the token from the address, once; from then on a cookie has it."""
        if request.path != "/" or not self._is_right(request.query.get("token", "")):
            raise web.HTTPUnauthorized(
                text="Open the address that `blendtui serve` printed, with its token."
            )
        response = web.HTTPSeeOther("/")
        response.set_cookie(COOKIE, self._token, httponly=True, samesite="Strict")
        raise response

    async def handle_index(self, request: web.Request) -> Any:
        """Give the page, with addresses as the visitor knows us."""
        self.public_url = f"{request.scheme}://{request.host}"
        return await super().handle_index(request)

    def request_exit(self) -> None:
        """End at a signal."""
        raise web.GracefulExit

    async def on_startup(self, _: web.Application) -> None:
        """Say nothing yet: nothing listens."""

    def announce(self) -> None:
        """Say where the page is."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        self._announce(f"http://{shown}:{self.port}/?token={self._token}")

    def initialize_logging(self) -> None:
        """Leave logging as it is: to the log file."""


def _is_file(path: str) -> bool:
    return re.fullmatch(r"/static/(css|fonts|images|js)/[\w.-]+", path, re.ASCII) is not None


def _is_own(request: web.Request) -> bool:
    origin = request.headers.get("Origin", "")
    return urlsplit(origin).netloc == request.host


def serve(
    words: Sequence[str], host: str, port: int, token: str, announce: Callable[[str], None]
) -> None:
    """Serve until a signal comes; `announce` is told the address when it can be visited.

    Raises:
        OSError: the address is not ours, or taken.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    page = Page(words, host, port, token, announce)
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, page.request_exit)
        except NotImplementedError:  # Windows: Ctrl+C comes as KeyboardInterrupt
            break
    web.run_app(
        page._make_app(),
        host=host,
        port=port,
        handle_signals=False,
        loop=loop,
        print=lambda _: page.announce(),  # it comes when the address can be visited
    )


def read_token(path: Path) -> str:
    """Read a token from a file.

    Raises:
        OSError: it can't be read.
    """
    return path.read_text("utf-8", "replace").strip()
