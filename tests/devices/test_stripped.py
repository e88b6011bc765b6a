"""What travels to a device is the driver, without what only people read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from blendtui.devices import slot
from blendtui.devices.stripped import stripped

FOLDER = Path(slot.__file__).parent


@pytest.mark.parametrize("name", slot.DRIVER_FILES)
def test_python_makes_the_same_of_it(name: str) -> None:
    whole = FOLDER / name
    less = stripped(whole)
    assert len(less) < whole.stat().st_size
    assert _meaning(less) == _meaning(whole.read_bytes())


def test_words_go_and_code_stays(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text('"""Words."""\n\nX = "kept"  # why\n\n\ndef f():\n    """Nothing else."""\n')
    assert stripped(path).decode() == "X = 'kept'\n\ndef f():\n    pass"


def _meaning(source: bytes) -> str:
    """Give the tree that Python makes of a source, without texts and `pass` that do nothing."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                setattr(node, name, [one for one in value if not _is_idle(one)])
    return ast.dump(tree)


def _is_idle(node: object) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return isinstance(node, ast.Pass)
