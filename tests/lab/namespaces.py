"""What a lab needs of this machine: to be root in namespaces of its own, by right or by unshare."""

from __future__ import annotations

import functools
import os
import pwd
import shutil
import subprocess

import pytest

TOOLS = ("ip", "iptables", "tc", "nsenter", "unshare", "mount", "umount")
USER = 1000
"""Who root is in the lab's user namespace: as root, sshd wants to become users who aren't there."""

# Of /run and /etc/passwd it has its own: to name network namespaces, and to let sshd know its user.
_FURNISH = """
mount -t tmpfs lab /run && mkdir /run/home &&
{ echo "lab:x:$(id -u):$(id -g)::/run/home:/bin/sh"; cat /etc/passwd; } >/run/passwd &&
mount --bind /run/passwd /etc/passwd && exec "$@"
"""


def without_root() -> list[str]:
    """Give the words that run a command with namespaces of a user's own, which hold for a lab."""
    mapped = [f"--map-user={USER}", f"--map-group={USER}"]
    who = mapped if os.geteuid() == 0 else ["--map-current-user"]
    return ["unshare", *who, "--keep-caps", "--net", "--mount", "sh", "-c", _FURNISH, "sh"]


@functools.cache
def lacking() -> str:
    """Say what this process lacks for a lab; nothing where it lacks nothing."""
    return _lacking([])


@functools.cache
def lacking_without_root() -> str:
    """Say what this machine lacks for a lab in a user namespace; nothing where it has all."""
    return _lacking(without_root())


def _lacking(enter: list[str]) -> str:
    if not hasattr(os, "geteuid"):
        return "it needs Linux"
    missing = [tool for tool in TOOLS if shutil.which(tool, path=_path()) is None]
    if missing:
        return f"missing here: {', '.join(missing)}"
    name = f"lab{os.getpid()}probe"
    probe = (
        f"ip netns add {name} && nsenter --net=/run/netns/{name} iptables -L -n >/dev/null &&"
        f" unshare --pid --fork --mount-proc true; found=$?; ip netns del {name}; exit $found"
    )
    words = [*enter, "sh", "-c", probe]
    tried = subprocess.run(words, capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return ""
    return f"no namespaces for networks and processes here: {tried.stderr.strip()}"


def _path() -> str:
    return os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


def user() -> str:
    """Give the name of the user whom the hosts let in: whose processes they are."""
    return pwd.getpwuid(os.geteuid()).pw_name


needs_lab = pytest.mark.skipif(bool(lacking()), reason=f"no lab: {lacking()}")
needs_user_namespaces = pytest.mark.skipif(
    bool(lacking_without_root()), reason=f"no lab without root: {lacking_without_root()}"
)
