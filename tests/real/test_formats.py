"""Frames of several files, from a scene with nodes and views to the share."""

from __future__ import annotations

from pathlib import Path

from tests.support.farm import Farm
from tests.support.format_runs import FormatRuns
from tests.support.scenes import BLENDER, needs_blender
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd]


def test_all_files_of_a_frame_are_on_the_share_in_the_folders_of_their_nodes(
    tmp_path: Path,
) -> None:
    blend = FormatRuns(str(BLENDER), tmp_path).blend
    with Farm() as farm:
        job = {"scenes": ["node-exr", "node-stereo"], "frames": "-1,3"}
        farm.drop("shot.zip", blend, job=job)
        farm.watch("--once")
        assert farm.end() == 0, farm.printed()
        found = {
            path.relative_to(farm.share).as_posix(): path
            for path in farm.share.rglob("*")
            if path.is_file() and "/frames/" in str(path)
        }
    numbers = ("-0001", "0003")
    layers = {f"shot-node-exr/frames/node-exr_{number}.png" for number in numbers}
    layers |= {f"shot-node-exr/frames/Beauty_ half/Image{number}.exr" for number in numbers}
    layers |= {f"shot-node-exr/frames/Layers/all_{number}.exr" for number in numbers}
    eyes = {f"shot-node-stereo/frames/node-stereo_{number}.png" for number in numbers}
    eyes |= {
        f"shot-node-stereo/frames/Eyes/Image{number}_{eye}.png"
        for number in numbers
        for eye in "LR"
    }
    assert set(found) == layers | eyes
