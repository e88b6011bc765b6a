"""blendtui: the computers you have, as one Blender render farm, steered from a terminal."""

__version__ = "0.1.0"
