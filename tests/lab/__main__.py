"""`python -m tests.lab N`: plays N random runs; `--seed S` plays one again."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from tests.lab.namespaces import lacking, lacking_without_root, without_root
from tests.lab.story import play
from tests.support.farm import render_alone
from tests.support.scenes import scenes

KEPT = Path(tempfile.gettempdir()) / "blendtui-chaos"
"""Where runs that went wrong leave what they had."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.lab")
    parser.add_argument("count", nargs="?", type=int, default=20, help="how many seeds")
    parser.add_argument("--start", type=int, default=1, help="the first seed")
    parser.add_argument("--seed", type=int, help="play only this one, and tell its story")
    parser.add_argument("--quick", action="store_true", help="faults as in `make test`")
    parser.add_argument("--rendering", action="store_true", help="faults from the first frame on")
    parser.add_argument("--at-once", type=int, default=2, help="runs at the same time")
    parser.add_argument("--without-root", action="store_true", help="in a user namespace")
    parser.add_argument("--pictures", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.without_root or (lacking() and not lacking_without_root()):
        words = [word for word in sys.argv[1:] if word != "--without-root"]
        whole = [*without_root(), sys.executable, "-m", "tests.lab", *words]
        return subprocess.run(whole, check=False).returncode
    if lacking():
        print(f"There can be no lab: {lacking()}.")
        return 2
    pictures = options.pictures or _pictures()
    if options.seed is not None:
        return _one(options, pictures)
    return _many(options, pictures)


def _pictures() -> Path:
    """Render the scene without faults; gives the folder of the .blend and its pictures."""
    folder = scenes()
    render_alone(folder / "many.blend", folder / "alone")
    return folder


def _one(options: argparse.Namespace, pictures: Path) -> int:
    seed: int = options.seed
    outcome = play(
        seed,
        pictures / "many.blend",
        pictures / "alone",
        quick=options.quick,
        rendering=options.rendering,
        tell=print,
        keep=KEPT / str(seed),
    )
    for wrong in outcome.wrong:
        print(f"WRONG: {wrong}")
    told = {"seed": seed, "injected": outcome.injected, "wrong": len(outcome.wrong)}
    times = {"seconds": round(outcome.seconds, 1), "healing": round(outcome.healing, 1)}
    print(json.dumps(told | times), flush=True)
    return int(bool(outcome.wrong))


def _many(options: argparse.Namespace, pictures: Path) -> int:
    injected: Counter[str] = Counter()
    failed: list[int] = []
    healing: list[float] = []
    seeds = range(options.start, options.start + options.count)
    for seed, told, text in _played(options, seeds, pictures):
        if told is None or told["wrong"]:
            failed.append(seed)
            print(text)
            words = " ".join([f"--seed {seed}", *_ways(options)])
            print(f"Seed {seed} went wrong. Again: python -m tests.lab {words}")
        if told is not None:
            injected.update(told["injected"])
            healing.append(told["healing"])
            print(f"seed {seed}: {sum(told['injected'].values())} faults, {told['seconds']} s")
        sys.stdout.flush()
    print("\nFaults that were injected:")
    for kind, count in sorted(injected.items()):
        print(f"  {kind:20} {count:5}")
    print(f"  {'all':20} {injected.total():5}")
    if healing:
        print(f"Longest wait for a job after its last fault: {max(healing):.0f} s")
    print(f"{len(seeds) - len(failed)} passed, {len(failed)} failed")
    if failed:
        print(f"Seeds that went wrong: {sorted(failed)}; what they left is in {KEPT}")
    return int(bool(failed))


def _ways(options: argparse.Namespace) -> list[str]:
    """Give the options that change what a seed's story is."""
    return [f"--{name}" for name in ("quick", "rendering") if getattr(options, name)]


def _played(
    options: argparse.Namespace, seeds: range, pictures: Path
) -> Iterator[tuple[int, dict[str, Any] | None, str]]:
    """Play each seed in a process of its own; gives them as they end."""

    def run(seed: int) -> tuple[int, dict[str, Any] | None, str]:
        words = [sys.executable, "-m", "tests.lab", "--seed", str(seed)]
        words += ["--pictures", str(pictures), *_ways(options)]
        # A session each: Linux shares its time among sessions, and the runs are many machines.
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, start_new_session=True
        )
        last = done.stdout.strip().rpartition("\n")[2]
        told = json.loads(last) if last.startswith("{") else None
        return seed, told, done.stdout + done.stderr

    with ThreadPoolExecutor(options.at_once) as pool:
        try:
            for done in as_completed([pool.submit(run, seed) for seed in seeds]):
                yield done.result()
        except KeyboardInterrupt:
            print("Stopping when the runs that have begun are over.", flush=True)
            pool.shutdown(cancel_futures=True)
            raise


if __name__ == "__main__":
    sys.exit(main())
