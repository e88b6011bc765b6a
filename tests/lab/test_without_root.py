"""Who is not root has the same lab, in a user namespace."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.lab.namespaces import needs_user_namespaces, without_root
from tests.support.sshd import needs_sshd

pytestmark = [needs_user_namespaces, needs_sshd]


def test_its_hosts_are_the_same() -> None:
    pytest = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider"]
    tests = Path(__file__).with_name("test_hosts.py")
    words = [*without_root(), *pytest, str(tests)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.strip().rpartition("\n")[2]
    assert "passed" in last
    assert "skipped" not in last
