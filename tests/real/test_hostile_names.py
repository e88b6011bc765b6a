"""Names that mean harm go through a whole run, on a real shell, and come out as names."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from tests.support.farm import Farm
from tests.support.make_names import JOBS
from tests.support.scenes import blender, needs_blender
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd]

SCRIPT = Path(__file__).parents[1] / "support" / "make_hostile.py"
HARMFUL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")


def test_names_of_jobs_files_scenes_and_folders_are_only_names(tmp_path: Path) -> None:
    blend, texture = (
        tmp_path / "-rf $(touch PWNED) 'x'`.blend",
        tmp_path / "--help;touch PWNED;.png",
    )
    blender("-P", str(SCRIPT), "--", str(blend))
    texture.write_bytes(b"texture")
    (tmp_path / "outside.png").write_bytes(b"secret: outside")
    with Farm(devices=1) as farm:
        work = farm.root / "host0" / "work 'it''s' $(touch PWNED) \"&"
        farm.write_config(work_dir=str(work))
        for name in JOBS:
            farm.drop(name, blend, texture, job={"frames": "1-2"})
        farm.watch("--once")
        assert farm.end() == 0, farm.printed()
        jobs = [path for path in farm.share.iterdir() if path.is_dir()]
        assert len(jobs) == len(JOBS)
        for job in jobs:
            check_job(job)
        sent = {path.read_bytes() for path in (work / "blobs").iterdir()}
        assert sent == {blend.read_bytes(), texture.read_bytes()}
        check_blobs(work / "blobs")
        shown = [farm.printed(), farm.run("status").stdout, farm.run("devices", "check").stdout]
        shown += [path.read_text() for path in farm.places.state.rglob("blendtui.log*")]
        assert not [text for text in shown if HARMFUL.search(text)]
        json.loads(farm.run("status", "--json").stdout)
        for folder in (farm.root, Path.home(), Path.cwd(), tmp_path):
            assert not list(
                folder.glob("**/PWNED") if folder == farm.root else folder.glob("PWNED")
            )
        assert not Path("/tmp/PWNED").exists()


def check_job(job: Path) -> None:
    """Hold that a job's folder has its two frames, and a report that a terminal may show."""
    assert not HARMFUL.search(job.name)
    assert not job.name.startswith(("-", "."))
    assert len(list((job / "frames").iterdir())) == 2
    report = (job / "report.toml").read_text()
    assert not HARMFUL.search(report)
    assert 'state = "done"' in report


def check_blobs(folder: Path) -> None:
    for path in folder.iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
