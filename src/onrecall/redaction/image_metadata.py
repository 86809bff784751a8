"""Pictures without what they don't show: places, devices, comments, thumbnails, and whatever follows their end.

A picture is taken apart into the parts of its format and written again with those alone that draw it. Its pixels are
not decoded: a format's decoders are where hostile pictures strike. The formats are those of W3C PNG 3, ITU T.81 (JPEG),
GIF89a and RFC 9649 (WebP).
"""

import struct
import zlib
from collections.abc import Iterator

from onrecall.domain.errors import Invalid
from onrecall.domain.image import ImageFile, UnsupportedImage, check_size

PNG = b"\x89PNG\r\n\x1a\n"
PNG_CHUNKS = frozenset(
    {b"IHDR", b"PLTE", b"tRNS", b"cHRM", b"gAMA", b"sRGB", b"sBIT", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT"}
    | {b"IDAT", b"IEND"}
)
WEBP_CHUNKS = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})
WEBP_DRAWN_FLAGS = 0x12
"""Of `VP8X`: alpha and animation; the others announce profile, EXIF and XMP."""
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_KEPT = JPEG_FRAMES | {0xC4, 0xCC, 0xDB, 0xDD}
"""Frames, tables of codes and of quantisation, and the restart interval."""
JPEG_SCAN, JPEG_END, ADOBE, EXIF = 0xDA, 0xD9, 0xEE, 0xE1
GIF_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
CUT_OFF = "the picture is truncated or damaged; save it again"


def without_metadata(data: bytes) -> ImageFile:
    """Return the picture without its metadata; the orientation of a JPEG stays.

    Raises UnsupportedImage where it is no PNG, JPEG, WebP or GIF by its content, and Invalid where it is damaged or has
    too many pixels.
    """
    try:
        image = _read(data)
    except (struct.error, IndexError) as error:
        raise Invalid(CUT_OFF, "image") from error
    check_size(image.width, image.height)
    return image


def _read(data: bytes) -> ImageFile:
    if data.startswith(PNG):
        return _png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _gif(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    raise UnsupportedImage(
        "this is not a PNG, JPEG, WebP or GIF; save it as one of these (SVG is not supported)", "image"
    )


def _png(data: bytes) -> ImageFile:
    chunks = list(_png_chunks(data))
    if chunks[0][0] != b"IHDR" or chunks[-1][0] != b"IEND" or b"IDAT" not in dict(chunks):
        raise Invalid(CUT_OFF, "image")
    width, height = struct.unpack(">II", chunks[0][1][:8])
    written = (_png_chunk(name, body) for name, body in chunks if name in PNG_CHUNKS)
    return ImageFile("image/png", width, height, PNG + b"".join(written))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Every chunk up to the end; Invalid where a checksum is wrong or the end is missing."""
    at, name = len(PNG), b""
    while name != b"IEND":
        (length,) = struct.unpack_from(">I", data, at)
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, at + 8 + length)
        if checksum != zlib.crc32(body, zlib.crc32(name)):
            raise Invalid(CUT_OFF, "image")
        yield name, body
        at += 12 + length


def _png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(name)))


def _jpeg(data: bytes) -> ImageFile:
    parts, size, orientation, at = [], (0, 0), 1, 2
    while True:
        marker, body, following = _jpeg_segment(data, at)
        if marker == JPEG_END:
            break
        if marker in JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", body, 1)
            size = (width, height)
        if marker == EXIF and body.startswith(b"Exif\0\0"):
            orientation = _orientation(body[6:])
        if marker in JPEG_KEPT or (marker == ADOBE and body.startswith(b"Adobe")):
            parts.append(data[at:following])
        if marker == JPEG_SCAN:
            following = _scan_end(data, following)
            parts.append(data[at:following])
        at = following
    head = b"\xff\xd8" + (_oriented(orientation) if orientation != 1 else b"")
    return ImageFile("image/jpeg", *size, head + b"".join(parts) + b"\xff\xd9")


def _jpeg_segment(data: bytes, at: int) -> tuple[int, bytes, int]:
    """The marker at a place, what its segment holds, and where the next begins."""
    if data[at] != 0xFF:
        raise Invalid(CUT_OFF, "image")
    marker = data[at + 1]
    if marker in (JPEG_END, 0xFF):  # the end has no length, and a marker may be filled up with 0xFF before it
        return marker, b"", at + 1
    (length,) = struct.unpack_from(">H", data, at + 2)
    body = data[at + 4 : at + 2 + length]
    if length < 2 or len(body) != length - 2:
        raise Invalid(CUT_OFF, "image")
    return marker, body, at + 2 + length


def _scan_end(data: bytes, at: int) -> int:
    """Where the marker after a scan's codes begins; within them 0xFF is followed by 0 or by a restart's number."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0:
            raise Invalid(CUT_OFF, "image")
        following = data[at + 1]
        if following != 0 and not 0xD0 <= following <= 0xD7:
            return at
        at += 2


def _orientation(tiff: bytes) -> int:
    """The orientation that EXIF tells, 1 to 8; 1 where it tells none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return 1
    (at,) = struct.unpack_from(f"{order}I", tiff, 4)
    if at + 2 > len(tiff):
        return 1
    (count,) = struct.unpack_from(f"{order}H", tiff, at)
    for entry in range(at + 2, min(at + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
        if (tag, kind) == (0x0112, 3):
            return int(value) if 1 <= value <= 8 else 1
    return 1


def _oriented(orientation: int) -> bytes:
    """A segment of EXIF that tells the orientation and nothing else."""
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", 8 + len(tiff)) + b"Exif\0\0" + tiff


def _gif(data: bytes) -> ImageFile:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + _gif_colours(flags)
    parts, pictures = [data[:at]], 0
    while data[at] != 0x3B:
        following, is_drawn = _gif_block(data, at)
        pictures += data[at] == 0x2C
        if is_drawn:
            parts.append(data[at:following])
        at = following
    if not pictures:
        raise Invalid(CUT_OFF, "image")
    return ImageFile("image/gif", width, height, b"".join(parts) + b";")


def _gif_colours(flags: int) -> int:
    """How many bytes a table of colours takes."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _gif_block(data: bytes, at: int) -> tuple[int, bool]:
    """Where the block at a place ends, and whether it draws something."""
    if data[at] == 0x2C:
        return _after_sub_blocks(data, at + 11 + _gif_colours(data[at + 9])), True
    if data[at] != 0x21:
        raise Invalid(CUT_OFF, "image")
    is_drawn = data[at + 1] == 0xF9 or (data[at + 1] == 0xFF and data[at + 3 : at + 14] in GIF_LOOPS)
    return _after_sub_blocks(data, at + 2), is_drawn


def _after_sub_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += data[at] + 1
    return at + 1


def _webp(data: bytes) -> ImageFile:
    chunks = [(name, body) for name, body in _webp_chunks(data) if name in WEBP_CHUNKS]
    size = next((_webp_size(name, body) for name, body in chunks if name in (b"VP8X", b"VP8 ", b"VP8L")), None)
    if size is None:
        raise Invalid(CUT_OFF, "image")
    written = b"".join(_webp_chunk(name, body) for name, body in chunks)
    return ImageFile("image/webp", *size, b"RIFF" + struct.pack("<I", 4 + len(written)) + b"WEBP" + written)


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    (length,) = struct.unpack_from("<I", data, 4)
    at, end = 12, 8 + length
    if end > len(data) + 1:
        raise Invalid(CUT_OFF, "image")
    while at + 8 <= end:
        name, (size,) = data[at : at + 4], struct.unpack_from("<I", data, at + 4)
        body = data[at + 8 : at + 8 + size]
        if len(body) != size:
            raise Invalid(CUT_OFF, "image")
        yield name, body
        at += 8 + size + size % 2


def _webp_chunk(name: bytes, body: bytes) -> bytes:
    if name == b"VP8X":
        body = bytes((body[0] & WEBP_DRAWN_FLAGS,)) + body[1:]
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _webp_size(name: bytes, body: bytes) -> tuple[int, int]:
    """Width and height in pixels."""
    if name == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if name == b"VP8L":
        (bits,) = struct.unpack_from("<I", body, 1)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF
