"""From what Blender calls containers, codecs and qualities to what FFmpeg calls them; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from blendtui.farm.movies import MovieAsked
from blendtui.output.tasks import Audio, Choice, Video


@dataclass(frozen=True, slots=True)
class Container:
    """`muxer` is FFmpeg's name; a name with one of `endings` gets no other one from Blender.

    `video` is the codec that a container has whatever the scene says, empty for the scene's own.
    """

    muxer: str
    endings: tuple[str, ...]
    video: str = ""


# As in Blender's movie_write.cc (writeffmpeg.c before 4.4), which the endings come from, too.
CONTAINERS = {
    "MPEG1": Container("mpeg", (".mpg", ".mpeg"), "MPEG1"),
    "MPEG2": Container("dvd", (".dvd", ".vob", ".mpg", ".mpeg"), "MPEG2"),
    "MPEG4": Container("mp4", (".mp4", ".mpg", ".mpeg")),
    "AVI": Container("avi", (".avi",)),
    "QUICKTIME": Container("mov", (".mov",)),
    "DV": Container("dv", (".dv",), "DV"),
    "H264": Container("avi", (".avi",), "H264"),
    "XVID": Container("avi", (".avi",), "MPEG4"),
    "FLASH": Container("flv", (".flv",), "FLASH"),
    "MKV": Container("matroska", (".mkv",)),
    "OGG": Container("ogg", (".ogv", ".ogg"), "THEORA"),
    "WEBM": Container("webm", (".webm",)),
}
MP4, MKV, WEBM = CONTAINERS["MPEG4"], CONTAINERS["MKV"], CONTAINERS["WEBM"]
MOV = CONTAINERS["QUICKTIME"]

_QUALITIES = {
    "LOSSLESS": 0,
    "PERC_LOSSLESS": 17,
    "HIGH": 20,
    "MEDIUM": 23,
    "LOW": 26,
    "VERYLOW": 29,
    "LOWEST": 32,
}
_QUANTIZERS = {0: 1, 17: 2, 20: 3, 23: 5, 26: 8, 29: 12, 32: 18}
"""What MPEG-4 Part 2 has for qualities: from 1 to 31, and steps of its own."""

_PER_QUANTIZER = 118
"""FF_QP2LAMBDA of FFmpeg's avutil.h."""

_SPEEDS = {"BEST": "slower", "GOOD": "medium", "REALTIME": "superfast"}
_DEADLINES = {"BEST": "best", "GOOD": "good", "REALTIME": "realtime"}
_AV1_SPEEDS = {"BEST": "4", "GOOD": "7", "REALTIME": "10"}
_PRORES = {"422_PROXY": 0, "422_LT": 1, "422_STD": 2, "422_HQ": 3, "4444": 4, "4444_XQ": 5}

NAMES = {
    "libx264": "H.264",
    "libx265": "H.265",
    "mpeg4": "MPEG-4",
    "mpeg1video": "MPEG-1",
    "mpeg2video": "MPEG-2",
    "huffyuv": "HuffYUV",
    "ffv1": "FFV1",
    "qtrle": "QT rle",
    "dnxhd": "DNxHD",
    "png": "PNG",
    "dvvideo": "DV",
    "flv": "FLV1",
    "libvpx-vp9": "VP9",
    "libsvtav1": "AV1",
    "prores_ks": "ProRes",
    "mjpeg": "Motion JPEG",
    "rawvideo": "uncompressed",
    "libmp3lame": "MP3",
    "libopus": "Opus",
    "pcm_s16le": "PCM",
    "aac": "AAC",
    "ac3": "AC3",
    "mp2": "MP2",
    "flac": "FLAC",
    "libtheora": "Theora",
    "libvorbis": "Vorbis",
}
_MUXERS = {"matroska": "Matroska", "webm": "WebM", "mp4": "MP4", "mov": "QuickTime", "avi": "AVI"}

_LAYOUTS = {
    "MONO": "mono",
    "STEREO": "stereo",
    "SURROUND4": "quad",
    "SURROUND51": "5.1",
    "SURROUND71": "7.1",
}
_SOUNDS = {
    "AAC": "aac",
    "AC3": "ac3",
    "FLAC": "flac",
    "MP2": "mp2",
    "MP3": "libmp3lame",
    "OPUS": "libopus",
    "PCM": "pcm_s16le",
    "VORBIS": "libvorbis",
}
_WITHOUT_RATE = ("flac", "pcm_s16le")


def quality_of(asked: MovieAsked) -> int | None:
    """Give the constant rate factor, 0 for lossless; None where the rate of bits counts."""
    return asked.crf_number if asked.crf == "CUSTOM" else _QUALITIES.get(asked.crf)


def video_of(asked: MovieAsked, codec: str) -> Video:
    """Give a codec (Blender's identifier) as the scene sets it; H.264 for one not known."""
    return CODECS.get(codec, _x264)(asked)


def _rgb(asked: MovieAsked, opaque: str, clear: str) -> str:
    return clear if asked.color == "RGBA" else opaque


def _rated(asked: MovieAsked, codec: str, pixels: str, **options: str) -> Video:
    """Give a codec that is held to a rate of bits."""
    options |= {
        name: str(value * 1000)
        for name, value in (("minrate", asked.minrate), ("maxrate", asked.maxrate))
        if value and asked.buffer
    }
    if asked.buffer:
        options["bufsize"] = str(asked.buffer * 1024)
    return Video(
        codec=codec,
        pixels=pixels,
        options=options,
        bitrate=asked.bitrate * 1000,
        gop=asked.gop or None,
        b_frames=asked.b_frames,
    )


def _constant(asked: MovieAsked, codec: str, pixels: str, **options: str) -> Video:
    """Give a codec that holds a quality."""
    gop, b_frames = asked.gop or None, asked.b_frames
    return Video(codec=codec, pixels=pixels, options=options, gop=gop, b_frames=b_frames)


def _x264(asked: MovieAsked) -> Video:
    quality, deep = quality_of(asked), "10le" if asked.depth > 8 else ""
    preset = _SPEEDS.get(asked.preset, "medium")
    if quality is None:
        return _rated(asked, "libx264", f"yuv420p{deep}", preset=preset)
    pixels = f"yuv420p{deep}" if quality else f"yuv444p{deep}"
    rate = {"crf": str(quality)} if quality else {"qp": "0"}
    return _constant(asked, "libx264", pixels, preset=preset, **rate)


def _x265(asked: MovieAsked) -> Video:
    quality = quality_of(asked)
    deep = {8: "", 10: "10le"}.get(asked.depth, "12le" if asked.depth > 10 else "")
    more = {"preset": _SPEEDS.get(asked.preset, "medium"), "x265-params": "log-level=error"}
    if quality is None:
        made = _rated(asked, "libx265", f"yuv420p{deep}", **more)
    elif quality == 0:
        more["x265-params"] += ":lossless=1"
        made = _constant(asked, "libx265", f"yuv444p{deep}", **more)
    else:
        made = _constant(asked, "libx265", f"yuv420p{deep}", crf=str(quality), **more)
    return _tagged(made, "hvc1")


def _tagged(video: Video, tag: str) -> Video:
    return Video(
        codec=video.codec,
        pixels=video.pixels,
        options=video.options,
        bitrate=video.bitrate,
        gop=video.gop,
        b_frames=video.b_frames,
        tag=tag,
    )


def _vp9(asked: MovieAsked) -> Video:
    quality = quality_of(asked)
    more = {"deadline": _DEADLINES.get(asked.preset, "good"), "row-mt": "1", "cpu-used": "2"}
    pixels = _rgb(asked, "yuv420p", "yuva420p")
    if quality is None:
        return _rated(asked, "libvpx-vp9", pixels, **more)
    if quality == 0:
        return _constant(asked, "libvpx-vp9", "yuv444p", lossless="1", **more)
    return _constant(asked, "libvpx-vp9", pixels, crf=str(quality), b="0", **more)


def _av1(asked: MovieAsked) -> Video:
    pixels = "yuv420p10le" if asked.depth > 8 else "yuv420p"
    quality, preset = quality_of(asked), _AV1_SPEEDS.get(asked.preset, "7")
    if quality is None:
        bitrate, gop = asked.bitrate * 1000, asked.gop or None
        return Video(
            codec="libsvtav1", pixels=pixels, options={"preset": preset}, bitrate=bitrate, gop=gop
        )
    # FFmpeg takes its crf of 0 for none at all: lossless is a word of the encoder's own.
    exact = {"crf": str(quality)} if quality else {"svtav1-params": "lossless=1"}
    return _constant(asked, "libsvtav1", pixels, preset=preset, **exact)


def _mpeg4(asked: MovieAsked) -> Video:
    quality = quality_of(asked)
    if quality is None:
        return _rated(asked, "mpeg4", "yuv420p")
    nearest = min(_QUANTIZERS, key=lambda one: abs(one - quality))
    return _constant(asked, "mpeg4", "yuv420p", **_quantized(_QUANTIZERS[nearest]))


def _quantized(quantizer: int) -> dict[str, str]:
    return {"flags": "+qscale", "global_quality": str(quantizer * _PER_QUANTIZER)}


def _prores(asked: MovieAsked) -> Video:
    profile = _PRORES.get(asked.profile.removeprefix("PRORES_"), 2)
    pixels = _rgb(asked, "yuv444p10le", "yuva444p10le") if profile >= 4 else "yuv422p10le"
    return Video(codec="prores_ks", pixels=pixels, options={"profile": str(profile)})


def _ffv1(asked: MovieAsked) -> Video:
    deep = {8: ("bgr0", "bgra"), 10: ("gbrp10le", "gbrap10le"), 12: ("gbrp12le", "gbrap12le")}
    opaque, clear = deep.get(asked.depth, ("gbrp16le", "gbrap16le"))
    return Video(codec="ffv1", pixels=_rgb(asked, opaque, clear))


def _png(asked: MovieAsked) -> Video:
    deep = asked.depth > 8
    return Video(
        codec="png",
        pixels=_rgb(asked, "rgb48be", "rgba64be") if deep else _rgb(asked, "rgb24", "rgba"),
    )


CODECS: dict[str, Callable[[MovieAsked], Video]] = {
    "H264": _x264,
    "H265": _x265,
    "WEBM": _vp9,
    "AV1": _av1,
    "MPEG4": _mpeg4,
    "PRORES": _prores,
    "THEORA": lambda one: _rated(one, "libtheora", "yuv420p"),
    "MPEG1": lambda one: _rated(one, "mpeg1video", "yuv420p"),
    "MPEG2": lambda one: _rated(one, "mpeg2video", "yuv420p"),
    "FLASH": lambda one: _rated(one, "flv", "yuv420p"),
    "DNXHD": lambda one: _rated(one, "dnxhd", "yuv422p"),
    "DV": lambda _: Video(codec="dvvideo", pixels="yuv420p"),
    "HUFFYUV": lambda one: Video(codec="huffyuv", pixels=_rgb(one, "rgb24", "bgra")),
    "QTRLE": lambda one: Video(codec="qtrle", pixels=_rgb(one, "rgb24", "argb")),
    "FFV1": _ffv1,
    "PNG": _png,
}
"""What makes each of Blender's codecs, by its identifier."""


def old_avi(asked: MovieAsked) -> Video:
    """Give the codec of an AVI file that Blender itself could write up to 4.1."""
    if asked.file_format == "AVI_RAW":
        return Video(codec="rawvideo", pixels="bgr24")
    quantizer = 2 + round((100 - min(asked.quality, 100)) * 29 / 100)
    return Video(codec="mjpeg", pixels="yuvj444p", options=_quantized(quantizer))


def audio_of(asked: MovieAsked, codec: str) -> Audio:
    """Give a codec of sound (Blender's identifier), at the scene's rates."""
    name = _SOUNDS.get(codec, "aac")
    return Audio(
        codec=name,
        rate=48000 if name == "libopus" else asked.audio_rate,
        layout=_LAYOUTS.get(asked.audio_channels, "stereo"),
        bitrate=None if name in _WITHOUT_RATE else asked.audio_bitrate * 1000,
        volume=asked.audio_volume,
    )


def choice(container: Container, video: Video, audio: Audio | None, ending: str = "") -> Choice:
    """Put container and codecs together."""
    names = [NAMES.get(one.codec, one.codec) for one in (video, audio) if one is not None]
    muxer = _MUXERS.get(container.muxer, container.muxer.upper())
    return Choice(
        container=container.muxer,
        ending=ending or container.endings[0],
        video=video,
        audio=audio,
        said=f"{' and '.join(names)} in {muxer}",
    )
