"""Pictures that people paste into notes: checked, without metadata, under a harmless name."""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath

from onrecall.domain.errors import Invalid
from onrecall.domain.image import LARGEST_IMAGE, ImageType, StoredImage
from onrecall.pipeline.manual_grouping import ensure_not_merged
from onrecall.redaction import redact
from onrecall.redaction.image_metadata import without_metadata
from onrecall.storage import Storage

LONGEST_STEM = 80
EXTENSION: dict[ImageType, str] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
}
UNFIT = re.compile(r'[\s<>:"/\\|?*\[\](){}!`$&;\'#%]+')
"""What means something to a shell, a file system, Markdown or an address."""


class ImageShelf:
    """Stores pictures of incidents and returns them."""

    def __init__(self, store: Storage, clock: Callable[[], datetime], *, personal: bool) -> None:
        self._store = store
        self._clock = clock
        self._personal = personal

    def add(
        self, incident_id: str, data: bytes, name: str | None = None, by: str | None = None
    ) -> tuple[StoredImage, bool]:
        """Store a picture without its metadata; the second value says whether it was new.

        Raises UnsupportedImage, Invalid where it is empty, too large or damaged, NotFound, and Conflict where the
        incident was merged or has too many pictures.
        """
        if not data:
            raise Invalid("the body is empty; send the bytes of the picture", "image")
        if len(data) > LARGEST_IMAGE:
            raise Invalid(f"the picture has {len(data):,} bytes; at most {LARGEST_IMAGE:,} are accepted", "image")
        ensure_not_merged(self._store.incidents.get(incident_id))
        file = without_metadata(data)
        digest = sha256(file.data).hexdigest()[:32]
        clean = file_name(redact(name or "", personal=self._personal).text, file.type)
        return self._store.images.add(StoredImage(incident_id, digest, clean, file, self._clock(), by))

    def get(self, incident_id: str, image_id: str) -> StoredImage:
        """Return a picture of an incident. Raises NotFound."""
        return self._store.images.get(incident_id, image_id)


def file_name(name: str, kind: ImageType) -> str:
    """Return a name without folders and signs that mean something elsewhere, with the extension of its type."""
    last = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/")).name
    visible = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    stem = UNFIT.sub("-", PurePosixPath(visible).stem).strip("-. ")[:LONGEST_STEM].strip("-. ")
    return f"{stem or 'image'}.{EXTENSION[kind]}"
