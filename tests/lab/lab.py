"""The lab as a whole: a workstation, some hosts, and the switch between them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.lab.hosts import Host
from tests.lab.network import Network
from tests.lab.workstation import Workstation
from tests.support.sshd import make_key


class Lab:
    """Leave the block, and nothing of it is left on this machine."""

    def __init__(self, hosts: int = 2) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="blendtui-lab-"))
        self.root.chmod(0o755)
        self.network = Network()
        self.hosts: list[Host] = []
        key = make_key(self.root / "key")
        self.workstation = Workstation(self.root, self.network.enter(self.network.workstation), key)
        for number in range(hosts):
            cable, public = self.network.add(number), key.with_suffix(".pub")
            self.hosts.append(Host(self.root / f"host{number}", f"host{number}", cable, public))
        self.share = self.workstation.share.folder
        self.settings: dict[str, object] = {}
        self.complaints: list[str] = []
        """What was seen on the way that must not be."""

    def start(self, **device: object) -> None:
        """Boot the hosts, write devices.toml and trust the hosts."""
        for host in self.hosts:
            host.boot()
        self.settings = device
        self.configure()
        self.workstation.trust(self.hosts)

    def configure(self) -> None:
        """Write devices.toml as it was at the start."""
        self.workstation.write_config(self.hosts, {"settle": 0.2}, **self.settings)

    def close(self) -> None:
        """End everything and remove it."""
        self.workstation.close()
        for host in self.hosts:
            host.close()
        self.network.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
