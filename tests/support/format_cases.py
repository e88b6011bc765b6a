"""What Blender can write, as cases: scenes of one .blend, which make_formats.py makes of them."""

from __future__ import annotations

from typing import Any

Case = dict[str, Any]


def image(name: str, group: str, **settings: Any) -> Case:
    """Give a case of one picture; `group` is the table's row that it belongs to."""
    return {"name": name, "group": group, "image": settings}


def _depths(kind: str, group: str, depths: tuple[str, ...], **more: Any) -> list[Case]:
    return [
        image(f"{kind.lower()}{depth}", group, file_format=kind, color_depth=depth, **more)
        for depth in depths
    ]


CODECS = ("NONE", "ZIP", "ZIPS", "PIZ", "RLE", "PXR24", "B44", "B44A", "DWAA", "DWAB", "HTJ2K")


def _exr() -> list[Case]:
    half = {"file_format": "OPEN_EXR", "color_mode": "RGBA", "color_depth": "16"}
    found = [
        image(f"exr-{codec.lower()}", f"OpenEXR {codec}", **half, exr_codec=codec)
        for codec in CODECS
    ]
    layered = {"file_format": "OPEN_EXR_MULTILAYER", "exr_codec": "ZIP"}
    found += [
        image("exr-float", "OpenEXR, 32 bits", **{**half, "color_depth": "32"}, exr_codec="ZIP"),
        image("exr-rgb", "OpenEXR, RGB", **{**half, "color_mode": "RGB"}, exr_codec="ZIP"),
        image("exr-bw", "OpenEXR, BW", **{**half, "color_mode": "BW"}, exr_codec="ZIP"),
        image("layers16", "OpenEXR MultiLayer", **layered, color_depth="16"),
        image("layers32", "OpenEXR MultiLayer, 32 bits", **layered, color_depth="32"),
    ]
    return found


def _ordinary() -> list[Case]:
    tiff = {"file_format": "TIFF", "color_mode": "RGBA", "color_depth": "16"}
    tiffs = ("NONE", "DEFLATE", "LZW", "PACKBITS")
    return [
        *_depths("PNG", "PNG", ("8", "16"), color_mode="RGBA", compression=15),
        image("png-bw", "PNG, BW", file_format="PNG", color_mode="BW", compression=90),
        image("png0", "PNG, compression 0", file_format="PNG", color_mode="RGB", compression=0),
        image("jpeg", "JPEG", file_format="JPEG", color_mode="RGB", quality=90),
        image("jpeg10", "JPEG, quality 10", file_format="JPEG", color_mode="RGB", quality=10),
        image("jpeg-bw", "JPEG, BW", file_format="JPEG", color_mode="BW", quality=90),
        *(
            image(f"tiff-{codec.lower()}", f"TIFF {codec}", **tiff, tiff_codec=codec)
            for codec in tiffs
        ),
        image("tiff8", "TIFF, 8 bits", file_format="TIFF", color_mode="RGB", color_depth="8"),
        image("webp", "WebP", file_format="WEBP", color_mode="RGBA", quality=90),
        image("webp100", "WebP, quality 100", file_format="WEBP", color_mode="RGB", quality=100),
        image("bmp", "BMP", file_format="BMP", color_mode="RGB"),
        image("targa", "Targa", file_format="TARGA", color_mode="RGBA"),
        image("targa-raw", "Targa Raw", file_format="TARGA_RAW", color_mode="RGBA"),
        image("iris", "Iris", file_format="IRIS", color_mode="RGBA"),
        image("hdr", "Radiance HDR", file_format="HDR", color_mode="RGB"),
    ]


def _film() -> list[Case]:
    jp2 = {"color_mode": "RGB", "quality": 100, "jpeg2k_codec": "JP2"}
    return [
        *_depths("DPX", "DPX", ("8", "10", "12", "16"), color_mode="RGB"),
        image("dpx-log", "DPX, log", file_format="DPX", color_depth="10", use_cineon_log=True),
        *_depths("CINEON", "Cineon", ("10",), color_mode="RGB"),
        *_depths("JPEG2000", "JPEG 2000", ("8", "12", "16"), **jp2),
        image(
            "j2k", "JPEG 2000, J2K, quality 50",
            **{**jp2, "quality": 50, "jpeg2k_codec": "J2K"}, file_format="JPEG2000",
        ),
        *_depths("AVIF", "AVIF", ("8", "10", "12"), color_mode="RGB", quality=90),
    ]  # fmt: skip


TWO_LAYERS = {
    "name": "layers-two",
    "group": "OpenEXR MultiLayer, two view layers",
    "image": {"file_format": "OPEN_EXR_MULTILAYER", "color_depth": "16", "exr_codec": "DWAA"},
    "layers": ["Front"],
}

IMAGES = [*_ordinary(), *_exr(), TWO_LAYERS, *_film()]


def _views(name: str, group: str, kind: str, how: str, views: int = 2) -> Case:
    wanted = {"file_format": kind, "views_format": how}
    return {"name": name, "group": group, "image": wanted, "views": views}


VIEWS = [
    _views("stereo-png", "a PNG for each eye", "PNG", "INDIVIDUAL"),
    _views("stereo-one", "stereo 3D in one PNG", "PNG", "STEREO_3D"),
    _views("stereo-jpeg", "stereo 3D in one JPEG", "JPEG", "STEREO_3D"),
    _views("views-png", "three views, a PNG for each", "PNG", "INDIVIDUAL", 3),
    _views("views-exr", "three views in one OpenEXR", "OPEN_EXR", "MULTIVIEW", 3),
    _views("views-layers", "three views and all layers in one", "OPEN_EXR_MULTILAYER",
           "MULTIVIEW", 3),
    _views("views-files", "all layers, a file for each of three views", "OPEN_EXR_MULTILAYER",
           "INDIVIDUAL", 3),
]  # fmt: skip

NAMES = [
    {"name": name, "image": {"file_format": "PNG"}, "output": output, "render": render}
    for name, output, render in (
        ("middle", "//render/a_####_b", {}),
        ("none", "//render/plain", {}),
        ("folder", "//render/scene/", {}),
        ("groups", "//render/a##_b###", {}),
        ("dotted", "//render\\x.v2", {}),
        ("movie-like", "//render/film.mp4", {}),
        ("digit", "//render/e_####5", {}),
        ("ended", "//render/shot_####.png", {}),
        ("unicode", "//render/Größe é_影_####", {}),
        ("bare", "//render/bare_####", {"use_file_extension": False}),
        ("lying", "//render/lie_####.exr", {"use_file_extension": False}),
        ("careful", "//render/careful_####", {"use_overwrite": False, "use_placeholder": True}),
        ("braces", "//render/{scene_name}_####", {}),
    )
]

PNG = {"file_format": "PNG", "color_mode": "RGB"}
NODES: list[Case] = [
    {
        "name": "node",
        "image": PNG,
        "nodes": [
            {"name": "Passes", "folder": "//nodes/plain/",
             "slots": ["Image", "Depth_", "Image_001", "node_0010_Z"],
             "image": PNG},
        ],
    },
    {
        "name": "node-exr",
        "image": PNG,
        "nodes": [
            {"name": "File Output", "label": "Beauty: half", "folder": "//nodes/exr/",
             "slots": ["Image"],
             "image": {"file_format": "OPEN_EXR", "color_depth": "16", "exr_codec": "DWAA"}},
            {"name": "Layers", "folder": "//nodes/layers/", "file": "all_",
             "slots": ["Image", "Z"],
             "image": {"file_format": "OPEN_EXR_MULTILAYER", "color_depth": "32"}},
        ],
    },
    {
        "name": "node-twice",
        "image": PNG,
        "nodes": [
            {"name": "A", "label": "Same", "folder": "//nodes/same/", "slots": ["Image"],
             "image": PNG},
            {"name": "B", "label": "same", "folder": "//nodes/same/", "slots": ["Image"],
             "image": PNG},
        ],
    },
    {
        "name": "node-out",
        "image": PNG,
        "nodes": [
            {"name": "../up/x", "folder": "//../../out/", "file": "../../", "slots": ["a_##_x"],
             "image": PNG},
            {"name": "con", "folder": "OUTSIDE/", "slots": ["../../esc"],
             "image": PNG},
        ],
    },
    {
        "name": "node-stereo",
        "image": {"file_format": "PNG", "views_format": "STEREO_3D"},
        "views": 2,
        "nodes": [
            {"name": "Eyes", "folder": "//nodes/eyes/", "slots": ["Image"], "image": PNG},
        ],
    },
]  # fmt: skip

CASES = [*IMAGES, *VIEWS, *NAMES, *NODES]
