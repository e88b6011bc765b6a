"""The language of a run: logs as real Blenders wrote them, and what a hostile one could write."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui.devices import told_faults
from blendtui.devices.driver_progress import progress_of
from blendtui.devices.orders import (
    AliveOrder,
    CollectedOrder,
    DropOrder,
    Order,
    QuitOrder,
    RenderOrder,
    encode,
)
from blendtui.devices.protocol import (
    LINE_LIMIT,
    BlenderLine,
    Bye,
    Dropped,
    Ended,
    Entry,
    Failed,
    LogReader,
    Opened,
    Progress,
    Rendered,
    RunFault,
    Started,
    is_safe_output,
)
from blendtui.farm.faults import Fault, FaultKind
from blendtui.wording import explain

LOGS = {path.stem: path.read_bytes() for path in (Path(__file__).parent / "logs").iterdir()}
PIECES = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from(
            [b"\n", b"\r\n", b"\x1e", b'\x1e{"is":"bye","reason":"quit"}\n', b'{"is":', b"Fra:1 "]
        ),
    ),
    max_size=20,
)


def read(data: bytes, offset: int = 0) -> list[Entry]:
    """Read a log in one piece."""
    return LogReader(offset).feed(data)


def lines(data: bytes) -> list[object]:
    """Give the lines of a log alone."""
    return [entry.line for entry in read(data)]


@pytest.mark.parametrize("name", sorted(LOGS))
def test_a_real_log_tells_the_run_from_open_to_bye(name: str) -> None:
    found = lines(LOGS[name])
    (opened,) = [line for line in found if isinstance(line, Opened)]
    assert opened.facts.blender == name.partition("-")[2]
    assert opened.facts.scene().frame_end == 6
    assert [line.frame for line in found if isinstance(line, Started)] == [1, 2, 20]
    assert [line.frame for line in found if isinstance(line, Rendered)] == [1, 2, 20]
    assert [line.frame for line in found if isinstance(line, Dropped)] == [40]
    assert found.count(Bye("idle")) == 1
    assert sum(isinstance(line, BlenderLine) for line in found) >= 5
    assert not any("\x1e" in line.text for line in found if isinstance(line, BlenderLine))


@pytest.mark.parametrize("name", sorted(LOGS))
@given(data=st.data())
def test_a_log_reads_the_same_however_it_is_cut(name: str, data: st.DataObject) -> None:
    log = LOGS[name]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=12)))
    reader, found = LogReader(), []
    for begin, end in zip([0, *cuts], [*cuts, len(log)], strict=True):
        found += reader.feed(log[begin:end])
    assert found == read(log)


def test_a_log_reads_the_same_byte_by_byte() -> None:
    log = LOGS["cycles-5.0.1"]
    reader = LogReader()
    assert [entry for byte in log for entry in reader.feed(bytes([byte]))] == read(log)


@given(PIECES)
def test_any_bytes_read_the_same_in_any_pieces(pieces: list[bytes]) -> None:
    reader = LogReader()
    assert [entry for piece in pieces for entry in reader.feed(piece)] == read(b"".join(pieces))


@given(PIECES)
def test_reading_on_from_an_entrys_offset_gives_exactly_those_behind_it(
    pieces: list[bytes],
) -> None:
    log = b"".join(pieces)
    entries = read(log)
    for index, entry in enumerate(entries):
        assert read(log[entry.offset_after :], entry.offset_after) == entries[index + 1 :]


def test_a_drivers_line_is_found_in_the_middle_of_blenders() -> None:
    log = b'Fra:3 Mem:14.15M | Samp\x1e{"is":"bye","reason":"quit"}\nle 1/8\n'
    assert lines(log) == [
        BlenderLine("Fra:3 Mem:14.15M | Samp"),
        Bye("quit"),
        BlenderLine("le 1/8"),
    ]


def test_a_half_written_line_does_not_hide_the_next() -> None:
    log = b'\x1e{"is":"started","fra\x1e{"is":"ended","status":137}\n'
    assert lines(log) == [BlenderLine('{"is":"started","fra'), Ended(137)]


def test_carriage_returns_end_lines_too() -> None:
    assert lines(b"Sample 1/8\rSample 2/8\r\n\r\nlast\n") == [
        BlenderLine("Sample 1/8"),
        BlenderLine("Sample 2/8"),
        BlenderLine("last"),
    ]


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert lines(b"Saved: '\xff.png'\n") == [BlenderLine("Saved: '\ufffd.png'")]


def test_an_endless_line_is_cut_and_takes_no_memory() -> None:
    reader = LogReader()
    for _ in range(200):
        assert reader.feed(b"x" * LINE_LIMIT) == []
    assert len(reader._kept) == LINE_LIMIT
    (entry,) = reader.feed(b"\n")
    assert entry == Entry(200 * LINE_LIMIT + 1, BlenderLine("x" * LINE_LIMIT))
    assert [entry.line for entry in reader.feed(b'\x1e{"is":"bye","reason":"idle"}\n')] == [
        Bye("idle")
    ]


SHA = "0" * 64
FORGED = [
    '{"is":"bye"}',
    '{"is":"nothing"}',
    '{"is":"rendered"}',
    '{"is":"started","frame":1,"try":-1,"at":1}',
    '{"is":"started","frame":1.5,"try":1,"at":1}',
    '{"is":"started","frame":true,"try":1,"at":1}',
    '{"is":"started","frame":99999999999999999999,"try":1,"at":1}',
    '{"is":"failed","frame":1,"try":1,"at":1,"kind":"no-such-kind","detail":""}',
    '{"is":"beat","at":1e999}',
    '{"is":"beat","at":NaN}',
    '{"is":"beat","at":1,"memory":-1}',
    '{"is":"progress","frame":1,"try":1,"sample":-1,"samples":8}',
    '{"is":"picture","frame":1,"try":1,"file":"../1-1.jpg","size":9}',
    '{"is":"picture","frame":1,"try":1,"file":"1-1.jpg\\n","size":9}',
    '{"is":"picture","frame":1,"try":1,"file":"1-1.jpg","size":0}',
    '{"is":"picture","frame":1,"try":1,"file":"1-1.jpg","size":262145}',
    json.dumps({"is": "rendered", "frame": 1, "try": 1, "at": 1, "seconds": -1, "files": []}),
    json.dumps(
        {"is": "rendered", "frame": 1, "try": 1, "at": 1, "seconds": 1}
        | {"files": [{"path": "a", "size": -1, "sha256": SHA}]}
    ),
    json.dumps(
        {"is": "rendered", "frame": 1, "try": 1, "at": 1, "seconds": 1}
        | {"files": [{"path": "a", "size": 1, "sha256": "../" + SHA}]}
    ),
    '{"is":"bye","reason":"quit"} and more',
    '{"is":"bye","reason":"quit","x":' + "[" * 50_000 + "}",
    "[]",
    "null",
]


@pytest.mark.parametrize("text", FORGED)
def test_what_no_driver_writes_is_a_line_of_blenders(text: str) -> None:
    assert lines(b"\x1e" + text.encode() + b"\n") == [BlenderLine(text[:LINE_LIMIT])]


def test_a_drivers_line_without_its_marker_is_a_line_of_blenders() -> None:
    assert lines(b'{"is":"bye","reason":"quit"}\n') == [BlenderLine('{"is":"bye","reason":"quit"}')]


@given(st.binary(max_size=60))
def test_nothing_that_a_device_writes_breaks_the_reader(junk: bytes) -> None:
    for line in lines(b"\x1e" + junk + b"\n"):
        assert line is not None


def test_lines_become_faults_with_the_devices_name() -> None:
    facts = b'{"scene":"S","device":"no","kind":"x","cause":"y"}'
    (line,) = lines(b'\x1e{"is":"fault","kind":"scene-unknown","facts":' + facts + b"}\n")
    assert isinstance(line, RunFault)
    told = (("device", "box"), ("scene", "S"), ("kind", "x"))
    assert line.fault_on("box") == Fault(FaultKind.SCENE_UNKNOWN, told)
    failed = Failed(frame=3, number=1, at=0, kind=FaultKind.RENDER_ERROR, detail="no")
    assert failed.fault_on("box").fact("frame") == "3"


def kinds_in(function: str) -> set[str]:
    """Give the kinds of fault that the driver's sources hand to a function."""
    found: set[str] = set()
    for path in Path(told_faults.__file__).parent.glob("driver*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and function in (
                getattr(node.func, "id", ""),
                getattr(node.func, "attr", ""),
            ):
                words = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
                found.update(word for word in words if isinstance(word, str))
    return found & {str(kind) for kind in FaultKind}


def test_all_that_the_driver_can_tell_is_believed() -> None:
    assert kinds_in("RunFailure") <= told_faults.OF_RUNS
    assert kinds_in("_fail") <= told_faults.OF_FRAMES


@pytest.mark.parametrize("kind", sorted(set(FaultKind) - told_faults.OF_RUNS))
def test_a_fault_that_is_not_a_runs_is_not_believed(kind: FaultKind) -> None:
    (line,) = lines(f'\x1e{{"is":"fault","kind":"{kind}","facts":{{}}}}\n'.encode())
    assert isinstance(line, BlenderLine)


@pytest.mark.parametrize("kind", sorted(set(FaultKind) - told_faults.OF_FRAMES))
def test_a_fault_that_is_not_a_frames_is_not_believed(kind: FaultKind) -> None:
    told = {"is": "failed", "frame": 3, "try": 1, "at": 0, "kind": str(kind), "detail": ""}
    (line,) = lines(b"\x1e" + json.dumps(told).encode() + b"\n")
    assert isinstance(line, BlenderLine)


@given(
    st.sampled_from(sorted(told_faults.OF_RUNS)),
    st.dictionaries(st.text(max_size=8) | st.sampled_from(["cause", "device"]), st.text()),
)
def test_whatever_a_device_tells_can_be_said(kind: FaultKind, facts: dict[str, str]) -> None:
    told = {"is": "fault", "kind": str(kind), "facts": facts}
    for line in lines(b"\x1e" + json.dumps(told).encode() + b"\n"):
        if isinstance(line, RunFault):
            assert str(explain(line.fault_on("box")))


@pytest.mark.parametrize(
    ("order", "line"),
    [
        (RenderOrder(12, 1), b'{"do":"frame","frame":12,"try":1}\n'),
        (DropOrder(12, 1), b'{"do":"drop","frame":12,"try":1}\n'),
        (CollectedOrder(12, 1), b'{"do":"collected","frame":12,"try":1}\n'),
        (AliveOrder(), b'{"do":"alive"}\n'),
        (QuitOrder(), b'{"do":"quit"}\n'),
    ],
)
def test_an_order_is_one_line(order: Order, line: bytes) -> None:
    assert encode(order) == line


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Fra:3 Mem:14.15M (Peak 16.79M) | Time:00:00.04 | Remaining:00:00.06 | Mem:5.12M, "
            "Peak:5.12M | Scene, ViewLayer | Sample 1/8",
            (1, 8, 0.06),
        ),
        ("Fra:1 Mem:9M | Time:00:01.10 | Remaining:01:02:03.50 | Sample 5/10", (5, 10, 3723.5)),
        ("Remaining: 02:00.25 | Mem: 2M | Sample 1/4", (1, 4, 120.25)),
        ("Mem: 6M | Sample 4/4", (4, 4, None)),
        ("Fra:1 Mem:1M | Scene | Path Tracing Tile 1/135, Sample 0/200", (0, 27000, None)),
        ("Fra:1 Mem:1M | Scene | Path Tracing Tile 3/4, Sample 50/100", (250, 400, None)),
        ("Fra:7 Mem:37.95M | Time:00:00.80 | Rendering 26 / 64 samples", (26, 64, None)),
        ("Fra:1 Mem:1M | Sample 9/8", None),
        ("Fra:1 Mem:1M | Sample 0/0", None),
        ("Saved: '/tmp/f_0003.png'", None),
        ("", None),
    ],
)
def test_progress_is_read_from_every_blender(text: str, wanted: tuple[object, ...] | None) -> None:
    assert progress_of(text) == wanted


@given(st.text())
def test_progress_of_any_text_is_nothing_or_within_bounds(text: str) -> None:
    found = progress_of("Remaining:" + text + "Sample " + text)
    assert found is None or 0 <= found.sample <= found.samples


def test_real_logs_have_progress_up_to_the_last_sample() -> None:
    for name, samples in (("cycles-3.4.1", 8), ("eevee-3.4.1", 64)):
        texts = [line.text for line in lines(LOGS[name]) if isinstance(line, BlenderLine)]
        found = [progress for text in texts if (progress := progress_of(text))]
        assert {progress.samples for progress in found} == {samples}
        assert max(progress.sample for progress in found) == samples
    assert Progress(1, 1, 0, 8) in lines(LOGS["cycles-5.0.1"])


@pytest.mark.parametrize(
    "path",
    [
        "f_0001.png",
        "left/f_0001.exr",
        "a b.png",
        "é漢字👩\u200d🚀.png",
        "-rf",
        ".hidden",
        "shot:01.png",
    ],
)
def test_an_output_below_its_folder_is_safe(path: str) -> None:
    assert is_safe_output(path)


@pytest.mark.parametrize(
    "path",
    [
        "", "/etc/passwd", "../x", "a/../../x", "a/..", ".", "./a", "a//b", "a/", "\\\\host\\x",
        "a\\b", "C:x", "c:/x", "a\nb", "a\x1b[31m", "a\0b", "a\x7f", "a\ud800", "a\u2028b",
        "x" * 1001,
    ],
)  # fmt: skip
def test_any_other_output_is_not(path: str) -> None:
    assert not is_safe_output(path)


@given(st.text(max_size=40))
def test_a_safe_output_stays_below_its_folder(path: str) -> None:
    if is_safe_output(path):
        root = Path("/frames/job")
        assert root in (root / path).parents
        assert ".." not in (root / path).parts
        assert len((root / path).relative_to(root).parts) == path.count("/") + 1
