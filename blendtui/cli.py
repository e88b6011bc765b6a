"""The command line. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Callable, Sequence

from blendtui import __version__

HIGHEST_PRIORITY = 100

EXIT_CODES = """exit codes:
  0  all done
  1  some job failed, or some device has a problem
  2  wrong use or configuration
  3  blendtui itself failed; the log file says more
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run blendtui with command-line arguments, the process's own by default."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Not every terminal or pipe takes every character; that must not end us.
            stream.reconfigure(errors="backslashreplace")
    parser = _parser()
    options = parser.parse_args(arguments)
    _hold_together(parser, options)
    from blendtui import commands, process  # noqa: PLC0415 - help must answer at once

    action = _action(options, commands.__dict__)
    if action is None and sys.stdin.isatty() and sys.stdout.isatty():
        action = commands.control
    if action is None:
        parser.print_help()
        return process.WRONG_USE
    return commands.guarded(action, options)


def _hold_together(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End with what is wrong (exit code 2) where options don't go with each other."""
    if options.watch and options.command is not None:
        parser.error("--watch goes without a command")
    if not options.watch and options.once:
        parser.error("--once goes with --watch")
    if not options.watch and options.log_format is not None:
        parser.error("--log-format goes with --watch")
    if options.command == "submit":
        if options.name is not None and len(options.files) > 1:
            parser.error("--name goes with one file")
        if options.wait and options.dry_run:
            parser.error("--wait goes without --dry-run")


def _action(
    options: argparse.Namespace, table: dict[str, object]
) -> Callable[[argparse.Namespace], int] | None:
    name = "watch" if options.watch and options.command is None else options.command
    if name is None:
        return None
    found = table[name.replace("-", "_")]
    return found if callable(found) else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="blendtui",
        description="Turns the computers you already have into a Blender render farm.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"blendtui {__version__}")
    parser.add_argument("--watch", action="store_true", help="run the farm without a screen")
    parser.add_argument(
        "--once", action="store_true", help="with --watch: end when everything dropped is done"
    )
    parser.add_argument("--log-format", choices=("text", "json"), help="how --watch prints (text)")
    _add_places(parser, None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_devices(commands)
    _add_jobs(commands)
    _add_submit(commands)
    demo = commands.add_parser("demo", help="render a sample project on this machine")
    demo.add_argument("--yes", action="store_true", help="install Blender's wheel without asking")
    notify = commands.add_parser("notify", help="tell a word to everybody that devices.toml names")
    _add_places(notify, argparse.SUPPRESS)
    serve = commands.add_parser("serve", help="show the control centre as a web page")
    serve.add_argument("--host", default="127.0.0.1", help="the address to serve on (127.0.0.1)")
    serve.add_argument("--port", type=int, default=8000, metavar="N", help="its port (8000)")
    serve.add_argument("--token-file", metavar="FILE", help="a file with the token to come in with")
    _add_places(serve, argparse.SUPPRESS)
    init = commands.add_parser("init", help="write a commented devices.toml to begin with")
    init.add_argument("path", nargs="?", default="devices.toml", metavar="FILE")
    inspect = commands.add_parser("inspect", help="say what a .zip or .blend would be as a job")
    inspect.add_argument("file", metavar="FILE")
    inspect.add_argument(
        "--blend", metavar="PATH", help="which .blend of a zip to look at, where it has several"
    )
    inspect.add_argument("--json", action="store_true")
    _add_places(inspect, argparse.SUPPRESS)
    return parser


def _add_places(parser: argparse.ArgumentParser, default: object) -> None:
    """Add the options that say where things are; below a command they only override."""
    parser.add_argument(
        "--share", metavar="DIR", default=default, help="the folder where projects are dropped"
    )
    parser.add_argument("--devices", metavar="FILE", default=default, help="the devices.toml")
    parser.add_argument(
        "--state", metavar="DIR", default=default, help="where state, logs and known hosts live"
    )


def _priority(text: str) -> int:
    if not text.isdecimal() or len(text) > 3 or int(text) > HIGHEST_PRIORITY:
        raise argparse.ArgumentTypeError(f"a whole number from 0 to {HIGHEST_PRIORITY} is needed")
    return int(text)


def _frames(text: str) -> str:
    from blendtui.farm.frames import parse_frames  # noqa: PLC0415 - help must answer at once

    try:
        parse_frames(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


_Commands = argparse._SubParsersAction  # argparse has no public name for it
_FRAMES_BELOW_0 = re.compile(r"-\s*[0-9][-0-9xX,\s]*")


def _take_frames_below_0(parser: argparse.ArgumentParser) -> None:
    """Let a value begin with a minus: argparse takes "-10" for a number, "-10-20" for an option."""
    parser._negative_number_matcher = _FRAMES_BELOW_0


def _add_devices(commands: _Commands[argparse.ArgumentParser]) -> None:
    devices = commands.add_parser(
        "devices", help="check devices, trust their host keys, drain or disable them"
    )
    actions = devices.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="connect to devices and say what they can do")
    check.add_argument("name", nargs="?", metavar="NAME")
    check.add_argument("--json", action="store_true")
    check.set_defaults(command="devices-check")
    trust = actions.add_parser("trust", help="trust the host key that a device shows now")
    trust.add_argument("name", metavar="NAME")
    trust.add_argument("--yes", action="store_true", help="do not ask")
    trust.add_argument("--json", action="store_true", help="only show the key, change nothing")
    trust.add_argument("--fingerprint", metavar="SHA256:...", help="trust this key and no other")
    trust.set_defaults(command="devices-trust")
    take = actions.add_parser("import", help="add the old controller's devices to devices.toml")
    take.add_argument("folder", metavar="DIR", help="the folder with its JSON files, one a device")
    take.add_argument("--dry-run", action="store_true", help="only say what would be added")
    take.set_defaults(command="devices-import")
    parsers = [check, trust, take]
    for name, text in (
        ("drain", "let a device finish the frames that it is at, and give it no more"),
        ("disable", "stop a device at once; others render its frames"),
        ("enable", "give a drained or disabled device work again"),
        ("restart", "start a device's Blenders anew, between two frames"),
        ("clear-cache", "remove the project files on a device that no open job needs"),
    ):
        mode = actions.add_parser(name, help=text)
        mode.add_argument("name", metavar="NAME")
        mode.set_defaults(command="request-device", kind=name)
        parsers.append(mode)
    for parser in parsers:
        _add_places(parser, argparse.SUPPRESS)


def _add_jobs(commands: _Commands[argparse.ArgumentParser]) -> None:
    status = commands.add_parser("status", help="show jobs and devices")
    status.add_argument("--json", action="store_true")
    _add_places(status, argparse.SUPPRESS)
    for name, text in (
        ("pause", "give out no more frames of a job"),
        ("resume", "let a paused job go on"),
        ("cancel", "end a job as it is"),
        ("retry", "try a job's failed frames again"),
        ("priority", "change a job's priority: higher goes first"),
        ("frames", "change which frames a job has; those that are done stay"),
        ("again", "render frames once more that are done or failed"),
        ("movie", "make the movie of a job that is over, or make it again"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("job", metavar="JOB")
        if name == "priority":
            command.add_argument("detail", type=_priority, metavar="N", help="0 to 100")
        elif name in ("frames", "again"):
            command.add_argument(
                "detail", type=_frames, metavar="FRAMES", help="such as 1-100, 3,7 or 1-100x2"
            )
            _take_frames_below_0(command)
        command.set_defaults(command="request", kind=name)
        _add_places(command, argparse.SUPPRESS)


def _add_submit(commands: _Commands[argparse.ArgumentParser]) -> None:
    submit = commands.add_parser(
        "submit", help="pack a .blend with all that it uses, and drop it into the share"
    )
    submit.add_argument("files", nargs="+", metavar="FILE", help="a .blend, or a zip of a project")
    submit.add_argument("--name", help="what the job is called (as the file is)")
    submit.add_argument(
        "--frames", type=_frames, help="such as 1-100, 3,7 or 1-100x2 (the scene's own range)"
    )
    _take_frames_below_0(submit)
    submit.add_argument("--step", type=int, metavar="N", help="only every Nth of the frames")
    submit.add_argument("--scene", help="the scene to render (the active one)")
    submit.add_argument(
        "--scenes",
        action="append",
        metavar="NAME",
        help='a scene that becomes a job of its own; "all" for each; may stand several times',
    )
    submit.add_argument("--priority", type=_priority, metavar="N", help="0 to 100 (50)")
    submit.add_argument(
        "--tag", action="append", help="only devices with this tag; may stand several times"
    )
    submit.add_argument("--blender", metavar="VERSION", help="only this version, such as 4.2")
    submit.add_argument(
        "--device",
        action="append",
        metavar="NAME",
        help="only this device; may stand several times",
    )
    submit.add_argument(
        "--unbaked",
        metavar="WAY",
        help="simulations that are not baked: one-device (as it is), refuse or ignore",
    )
    submit.add_argument("--allow-scripts", action="store_true", help="let Python in the .blend run")
    submit.add_argument(
        "--no-split", action="store_true", help="render a still whole, not in parts on all devices"
    )
    _add_overrides(submit)
    submit.add_argument(
        "--set", action="append", metavar="NAME=VALUE", help="any other setting of job.toml"
    )
    submit.add_argument(
        "--strict", action="store_true", help="drop nothing if a file that it uses is missing"
    )
    submit.add_argument(
        "--dry-run", action="store_true", help="only say what would be packed and what is missing"
    )
    submit.add_argument(
        "--wait", action="store_true", help="wait until it is rendered; the exit code says how"
    )
    _add_places(submit, argparse.SUPPRESS)


def _add_overrides(submit: argparse.ArgumentParser) -> None:
    """Add what can be rendered otherwise than the .blend says; its own settings stay."""
    group = submit.add_argument_group("instead of what the .blend says")
    group.add_argument("--percentage", type=int, metavar="N", help="of the resolution, 1 to 1000")
    group.add_argument("--samples", type=int, metavar="N", help="for Cycles and EEVEE")
    group.add_argument("--engine", help="CYCLES, EEVEE, WORKBENCH or another one's identifier")
    group.add_argument("--format", help="PNG, JPEG, OPEN_EXR, OPEN_EXR_MULTILAYER, TIFF, WEBP, ...")
    group.add_argument("--camera", metavar="NAME", help="the camera")
    group.add_argument(
        "--view-layer", action="append", metavar="NAME", help="only this; may stand several times"
    )
    group.add_argument("--output", metavar="NAME", help="the frames' file name, as in shot_####")
    group.add_argument("--threads", type=int, metavar="N", help="threads of each Blender at most")
    group.add_argument(
        "--movie",
        action=argparse.BooleanOptionalAction,
        help="make a movie of the frames, or none of a scene that writes one",
    )
    group.add_argument("--time-limit", type=float, metavar="SECONDS", help="for one frame")


if __name__ == "__main__":
    sys.exit(main())
