"""What each command does. Gives exit codes; prints what a person or a program wants to read."""

from blendtui.commands.devices import devices_check, devices_import, devices_trust
from blendtui.commands.farm import control, demo, init, inspect, notify, serve, submit, watch
from blendtui.commands.guarding import guarded
from blendtui.commands.requests import request, request_device, status

__all__ = [
    "control",
    "demo",
    "devices_check",
    "devices_import",
    "devices_trust",
    "guarded",
    "init",
    "inspect",
    "notify",
    "request",
    "request_device",
    "serve",
    "status",
    "submit",
    "watch",
]
