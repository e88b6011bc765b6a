"""Sets how many examples Hypothesis makes up where a test does not say so itself."""

from __future__ import annotations

from hypothesis import settings

from tests.support.examples import times

settings.register_profile("blendtui", max_examples=times(100))
settings.load_profile("blendtui")
