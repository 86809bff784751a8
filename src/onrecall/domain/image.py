"""Pictures that people attach: which kinds are taken, and how large they may be."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from onrecall.domain.errors import Invalid

ImageType = Literal["image/png", "image/jpeg", "image/webp", "image/gif"]
IMAGE_TYPES: tuple[ImageType, ...] = get_args(ImageType)
LARGEST_IMAGE = 5 * 1024 * 1024
"""Bytes as they are sent."""
LONGEST_SIDE = 20_000
"""Pixels."""
MOST_PIXELS = 50_000_000
"""A picture is small as a file and takes four bytes a pixel in a browser."""


class UnsupportedImage(Invalid):
    """The file is no picture of a supported kind."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A picture without its metadata, its type told by its content."""

    type: ImageType
    width: int
    height: int
    data: bytes


@dataclass(frozen=True, slots=True)
class StoredImage:
    """A picture of an incident."""

    incident: str
    id: str
    """Made of its content, so that the same picture again is the same one."""
    name: str
    file: ImageFile
    at: datetime
    by: str | None


def check_size(width: int, height: int) -> None:
    """Raise Invalid for a picture without pixels, or with more than a browser should draw."""
    if not (width and height):
        raise Invalid("the picture has no pixels; save it again", "image")
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise Invalid(
            f"the picture is {width} × {height} pixels; at most {LONGEST_SIDE:,} a side and "
            f"{MOST_PIXELS // 1_000_000} million in all are accepted",
            "image",
        )
