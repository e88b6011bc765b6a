"""E-mail goes out: a real SMTP server gets what Apprise's mailto:// sends."""

from __future__ import annotations

import io
import queue
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from blendtui.notify import try_out
from blendtui.settings import NotifySettings
from blendtui.wording import explain
from tests.support.sshd import free_port

# Apprise imports what Python 3.13 no longer has, as long as it is there.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Post:
    """Takes mail; `got` has each envelope, `answer` is what the sender is told."""

    def __init__(self) -> None:
        self.got: queue.Queue[Envelope] = queue.Queue()
        self.answer = "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name for it
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        del server, session
        self.got.put(envelope)
        return self.answer


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def url(post: Post) -> Iterator[str]:
    port = free_port()
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    yield f"mailto://127.0.0.1:{port}?from=farm@example.org&to=artist@example.org&mode=insecure"
    controller.stop()


def test_a_mail_reaches_who_is_named_with_the_words_of_every_face(post: Post, url: str) -> None:
    assert try_out(NotifySettings(urls=(url,)), io.StringIO()) == [("mailto://…", None)]
    envelope = post.got.get(timeout=20)
    assert envelope.mail_from == "farm@example.org"
    assert envelope.rcpt_tos == ["artist@example.org"]
    assert isinstance(envelope.content, bytes)
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert mail["Subject"] == "blendtui: a test"
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "blendtui can reach you."


def test_a_mail_that_the_server_refuses_is_said(post: Post, url: str) -> None:
    post.answer = "552 the mailbox is full"
    ((name, fault),) = try_out(NotifySettings(urls=(url,)), io.StringIO())
    assert fault is not None
    assert explain(fault).what.startswith(f"Nobody could be told by {name}: ")
