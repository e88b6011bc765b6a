"""The lab's network: a namespace for the workstation with a bridge, and one for each host.

Nothing of it touches the network of the machine that the lab runs on.
"""

from __future__ import annotations

import itertools
import os
import subprocess
from pathlib import Path

NET = "10.77.0"
"""The first three numbers of all addresses; they exist in the lab's own namespaces only."""

_COUNT = itertools.count()


class Network:
    """A switch and its cables; `enter()` gives the words that run a command at one end."""

    def __init__(self) -> None:
        self._base = f"lab{os.getpid()}x{next(_COUNT)}"
        self._names: list[str] = []
        self.workstation = self._space("w")
        _ip("-n", self.workstation, "link", "add", "switch0", "type", "bridge")
        _ip("-n", self.workstation, "addr", "add", f"{NET}.1/24", "dev", "switch0")
        _ip("-n", self.workstation, "link", "set", "switch0", "up")

    def _space(self, name: str) -> str:
        whole = f"{self._base}{name}"
        _ip("netns", "add", whole)
        self._names.append(whole)
        _ip("-n", whole, "link", "set", "lo", "up")
        return whole

    def add(self, number: int) -> Cable:
        """Connect a host's namespace to the switch."""
        space = self._space(f"h{number}")
        port = f"p{number}"
        there = ["type", "veth", "peer", "name", "eth0", "netns", space]
        _ip("-n", self.workstation, "link", "add", port, *there)
        _ip("-n", self.workstation, "link", "set", port, "master", "switch0", "up")
        _ip("-n", space, "addr", "add", f"{NET}.{10 + number}/24", "dev", "eth0")
        _ip("-n", space, "link", "set", "eth0", "up")
        return Cable(self.workstation, space, port, f"{NET}.{10 + number}")

    def enter(self, space: str) -> list[str]:
        """Give the words before a command that is to run in a namespace."""
        return ["nsenter", f"--net={Path('/run/netns') / space}"]

    def close(self) -> None:
        """Remove all namespaces; what still runs in them loses its network."""
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


class Cable:
    """What connects one host; the host has `address` in `space`."""

    def __init__(self, switch: str, space: str, port: str, address: str) -> None:
        self._switch, self._port = switch, port
        self.space, self.address = space, address

    def unplug(self) -> None:
        """Cut it: nobody is told anything."""
        _ip("-n", self._switch, "link", "set", self._port, "down")

    def plug(self) -> None:
        """Connect it again."""
        _ip("-n", self._switch, "link", "set", self._port, "up")

    def drop(self, way: str) -> None:
        """Lose all packets to the host ("out") or from it ("in"), and only those."""
        self._filter("-I", way)

    def pass_again(self, way: str) -> None:
        """Lose no more of them."""
        self._filter("-D", way)

    def _filter(self, action: str, way: str) -> None:
        rule = {"in": ["INPUT", "-s"], "out": ["OUTPUT", "-d"]}[way]
        words = ["iptables", "-w", action, rule[0], rule[1], self.address, "-j", "DROP"]
        enter = ["nsenter", f"--net=/run/netns/{self._switch}"]
        subprocess.run([*enter, *words], check=True)

    def slow(self, rate: str) -> None:
        """Let through only so much in both directions, such as "200kbit"."""
        for space, device in ((self._switch, self._port), (self.space, "eth0")):
            tbf = ["tbf", "rate", rate, "burst", "16kb", "latency", "300ms"]
            words = ["tc", "-n", space, "qdisc", "replace", "dev", device, "root", *tbf]
            subprocess.run(words, check=True)

    def fast(self) -> None:
        """Let everything through again."""
        for space, device in ((self._switch, self._port), (self.space, "eth0")):
            words = ["tc", "-n", space, "qdisc", "del", "dev", device, "root"]
            subprocess.run(words, check=False, capture_output=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
