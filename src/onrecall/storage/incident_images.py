"""Pictures of incidents: stored beside the notes that show them, so that exports and backups carry them."""

from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Integer, Row, Table, func, insert, select

from onrecall.domain.errors import Conflict, NotFound
from onrecall.domain.image import ImageFile, StoredImage
from onrecall.storage import audit, incident_rows, validation
from onrecall.storage.columns import BytesType, TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.tables import metadata

MOST_IMAGES = 100
"""Pictures of one incident."""

incident_images = Table(
    "incident_images",
    metadata,
    Column("incident", TextType, ForeignKey("incidents.id"), primary_key=True),
    Column("id", TextType, primary_key=True),  # made of the picture itself
    Column("type", TextType, nullable=False),
    Column("name", TextType, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("data", BytesType, nullable=False),
    Column("at", Utc, nullable=False),
    Column("by", TextType),
)


class IncidentImages:
    """Adds and reads pictures. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, image: StoredImage) -> tuple[StoredImage, bool]:
        """Store a picture; the second value says whether it was new, and one that is stored stays as it is.

        Raises NotFound for an unknown incident, and Conflict where it has 100 pictures.
        """
        row = _row(image)
        with self._database.write() as connection:
            incident_rows.get(connection, image.incident)
            stored = _read_image(connection, image.incident, image.id)
            if stored is not None:
                return stored, False
            _check_room(connection, image.incident)
            connection.execute(insert(incident_images).values(row))
            audit.add(connection, "image added", image.incident, {"image": image.id, "bytes": len(image.file.data)})
        return image, True

    def get(self, incident_id: str, image_id: str) -> StoredImage:
        """Return one picture. Raises NotFound."""
        with self._database.read() as connection:
            stored = _read_image(connection, incident_id, image_id)
        if stored is None:
            raise NotFound(f"incident {incident_id} has no picture {image_id}")
        return stored


def _row(image: StoredImage) -> dict[str, object]:
    for name in ("incident", "id", "name", "by"):
        validation.require_text(getattr(image, name) or "", name)
        validation.check_key(getattr(image, name), name)
    at: datetime = validation.require_utc(image.at, "at")
    file = {name: getattr(image.file, name) for name in ("type", "width", "height", "data")}
    return {"incident": image.incident, "id": image.id, "name": image.name, "at": at, "by": image.by} | file


def _check_room(connection: Connection, incident_id: str) -> None:
    query = select(func.count()).select_from(incident_images).where(incident_images.c.incident == incident_id)
    if (connection.scalar(query) or 0) >= MOST_IMAGES:
        raise Conflict(f"incident {incident_id} has {MOST_IMAGES} pictures, which is the maximum")


def _read_image(connection: Connection, incident_id: str, image_id: str) -> StoredImage | None:
    table = incident_images.c
    if not (validation.is_storable(incident_id) and validation.is_storable(image_id)):
        return None
    query = select(incident_images).where(table.incident == incident_id, table.id == image_id)
    row: Row[tuple[object, ...]] | None = connection.execute(query).one_or_none()
    return None if row is None else _stored(row)


def _stored(row: Row[tuple[object, ...]]) -> StoredImage:
    file = ImageFile(row.type, row.width, row.height, bytes(row.data))
    return StoredImage(row.incident, row.id, row.name, file, row.at, row.by)
