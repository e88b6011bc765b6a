"""Each setting is explained, and what is said to hold without it does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from blendtui.config import meanings, rules
from blendtui.config.rules import Rule, Rules
from blendtui.settings import DeviceSettings, Limits, ShareSettings

_TEXTS = {"size", "cache", "policy", "gpus", "work_dir", "wake_address"}


@pytest.mark.parametrize(
    ("table", "said", "usual"),
    [
        (rules.SHARE, meanings.SHARE, ShareSettings()),
        (rules.LIMITS, meanings.LIMITS, Limits()),
        (rules.DEVICE, meanings.DEVICE, DeviceSettings()),
    ],
    ids=["share", "limits", "device"],
)
def test_each_setting_is_explained(
    table: Rules, said: Mapping[str, tuple[str, str]], usual: object
) -> None:
    settings = {key: rule for key, rule in table.items() if isinstance(rule, Rule)}
    assert list(said) == list(settings)
    for key, (meaning, otherwise) in said.items():
        assert meaning.endswith(".")
        default = getattr(usual, key)
        if otherwise and default and default is not True:
            number = key not in _TEXTS
            value = float(otherwise) if number else otherwise
            assert settings[key].read(value if not number or "." in otherwise else int(value),
                                      Path()) == default  # fmt: skip
