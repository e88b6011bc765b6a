"""The stand-in for hundreds of devices is one in all that a watcher asks of a device."""

from __future__ import annotations

from benchmarks.sessions import Crowd, reached
from blendtui.store.views import Views
from tests.support.scenes import needs_blender
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd]


def test_no_device_of_a_crowd_is_lost_on_the_way_to_a_job_that_is_done() -> None:
    crowd = Crowd(2, 0.05)
    try:
        crowd.watch()
        crowd.until(lambda views: reached(views) == 2, 60)
        crowd.drop(frames=6)
        crowd.until(lambda views: (job := views.job("shot")) is not None and job.done == 6, 60)
        crowd.until(lambda _views: (crowd.share / "shot" / "report.toml").exists(), 60)
        views = Views(crowd.places.store)
        told = {row.kind for row in views.history(0)}
        views.close()
        assert "device-reached" in told
        assert "device-lost" not in told
    finally:
        crowd.close()
