"""What travels to a device is the driver, without what only people read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from blendtui.devices import slot
from blendtui.devices.stripped import stripped

FOLDER = Path(slot.__file__).parent


@pytest.mark.parametrize("name", slot.DRIVER_FILES)
def test_it_has_the_same_names_and_fewer_bytes(name: str) -> None:
    whole = FOLDER / name
    less = stripped(whole)
    assert len(less) < whole.stat().st_size
    assert _defined(less) == _defined(whole.read_bytes())


def test_words_go_and_code_stays(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text('"""Words."""\n\nX = "kept"  # why\n\n\ndef f():\n    """Nothing else."""\n')
    assert stripped(path).decode() == "X = 'kept'\n\ndef f():\n    pass"


def _defined(source: bytes) -> list[str]:
    kinds = (ast.FunctionDef, ast.ClassDef)
    return [node.name for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
