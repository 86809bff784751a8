"""Pictures of incidents: told by their content, stored without metadata, served to be drawn and nothing else."""

import json
import struct
import zlib
from base64 import b64decode
from urllib.parse import quote

import pytest

from onrecall.domain.errors import Invalid
from onrecall.domain.image import LARGEST_IMAGE, UnsupportedImage
from onrecall.export import archive
from onrecall.pipeline.incident_images import file_name
from onrecall.redaction.image_metadata import without_metadata
from onrecall.storage import Storage

PLACE = b"GPS 52.5163N 13.3777E of the flat"
SCRIPT = b"<script>alert(document.domain)</script>"
GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
WEBP = b64decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width=3, height=2, *, extra: bytes = b"", tail: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x10\x80\xf0" * min(width, 9)) * min(height, 9))
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body + tail


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def exif(orientation: int) -> bytes:
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0) + PLACE
    return segment(0xE1, b"Exif\0\0" + tiff)


def jpeg(*segments: bytes, tail: bytes = b"") -> bytes:
    frame = segment(0xC0, struct.pack(">BHHB", 8, 48, 64, 1) + b"\1\x11\0")
    scan = segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x12\xff\0\x34\xff\xd0\x56"
    tables = segment(0xDB, b"\0" + bytes(range(64)))
    return b"\xff\xd8" + b"".join(segments) + tables + frame + scan + b"\xff\xd9" + tail


def gif_with_comment() -> bytes:
    at = GIF.index(b"!\xf9")
    comment = b"!\xfe" + bytes((len(PLACE),)) + PLACE + b"\0"
    loop = b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    return GIF[:at] + comment + loop + GIF[at:] + SCRIPT


def webp_with_exif() -> bytes:
    chunks = b"VP8X" + struct.pack("<I", 10) + b"\x0c\0\0\0" + b"\x08\0\0" + b"\x04\0\0"
    chunks += WEBP[12:] + b"EXIF" + struct.pack("<I", len(PLACE)) + PLACE + b"\0" * (len(PLACE) % 2)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


@pytest.mark.parametrize(
    ("data", "kind", "size"),
    [
        (png(extra=chunk(b"tEXt", b"Comment\0" + PLACE) + chunk(b"eXIf", PLACE), tail=SCRIPT), "image/png", (3, 2)),
        (jpeg(exif(1), segment(0xFE, PLACE), segment(0xE2, PLACE), tail=SCRIPT), "image/jpeg", (64, 48)),
        (gif_with_comment(), "image/gif", (1, 1)),
        (webp_with_exif(), "image/webp", (9, 5)),
    ],
)
def test_a_picture_keeps_what_draws_it_and_nothing_else(data, kind, size):
    image = without_metadata(data)
    assert (image.type, (image.width, image.height)) == (kind, size)
    assert PLACE not in image.data
    assert SCRIPT not in image.data
    assert without_metadata(image.data) == image


def test_what_draws_a_picture_is_byte_for_byte_the_same():
    assert without_metadata(png()).data == png()
    assert without_metadata(GIF).data == GIF
    assert without_metadata(WEBP).data == WEBP
    assert without_metadata(jpeg(segment(0xFE, PLACE))).data == jpeg()
    assert b"NETSCAPE2.0" in without_metadata(gif_with_comment()).data


def test_a_photo_is_still_upright_without_its_metadata():
    clean = without_metadata(jpeg(exif(6))).data
    assert PLACE not in clean
    assert without_metadata(clean).data == clean
    assert struct.pack(">HHIH", 0x0112, 3, 1, 6) in clean
    assert b"Exif" not in without_metadata(jpeg(exif(77))).data


@pytest.mark.parametrize("data", [SVG, b"%PDF-1.7", b"\x89PNG", b"<!doctype html>", b"BM" + bytes(60), b"RIFF1234WAVE"])
def test_other_files_are_no_pictures(data):
    with pytest.raises(UnsupportedImage, match="SVG is not supported"):
        without_metadata(data)


@pytest.mark.parametrize("whole", [png(), jpeg(exif(6)), GIF, webp_with_exif()])
def test_a_picture_that_is_cut_off_is_refused_wherever_it_is_cut(whole):
    for length in range(14, len(whole) - 2):
        with pytest.raises(Invalid):
            without_metadata(whole[:length])


@pytest.mark.parametrize(("width", "height"), [(0, 5), (30_000, 1), (19_000, 19_000)])
def test_a_picture_of_more_pixels_than_a_browser_should_draw_is_refused(width, height):
    with pytest.raises(Invalid, match="pixels"):
        without_metadata(png(width, height))


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Users\\Ife\\graph 1.jpeg", "graph-1.png"),
        ('a"; filename="b.html', "a-filename=-b.png"),
        ("x](javascript:alert(1)).svg", "x-javascript-alert-1.png"),
        ("r\u202egnp.exe\r\nSet-Cookie: a=b.png", "rgnp.exeSet-Cookie-a=b.png"),
        ("図表.webp", "図表.png"),
        ("", "image.png"),
        (".." * 400, "image.png"),
        ("n" * 400 + ".png", "n" * 80 + ".png"),
    ],
)
def test_a_hostile_file_name_becomes_a_harmless_one(name, clean):
    assert file_name(name, "image/png") == clean


@pytest.fixture
def incident(client):
    return client.post("/api/v1/incidents", json={"title": "Kiln overheats", "service": "kiln"}).json()["id"]


def post(client, incident, data, name="graph.png"):
    return client.post(f"/api/v1/incidents/{incident}/images?name={quote(name)}", content=data)


def test_a_picture_is_stored_once_and_served_to_be_drawn_alone(client, incident):
    data = png(extra=chunk(b"tEXt", b"Comment\0" + PLACE))
    first, again = post(client, incident, data, 'a"b<c>.svg'), post(client, incident, data, "other.png")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    image = first.json()
    assert (image["name"], image["type"], image["width"], image["height"]) == ("a-b-c.png", "image/png", 3, 2)
    assert image["markdown"] == f"![a-b-c.png]({image['url']})"
    served = client.get(image["url"])
    assert served.content == png()
    assert served.headers["content-type"] == "image/png"
    assert served.headers["content-disposition"].startswith('attachment; filename="a-b-c.png"')
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["content-security-policy"] == "default-src 'none'; sandbox"
    note = client.post(f"/api/v1/incidents/{incident}/notes", json={"text": f"It peaks:\n\n{image['markdown']}"})
    assert image["url"] in note.json()["text"]


def test_what_is_no_picture_is_refused_with_the_reason(client, incident):
    assert post(client, incident, SVG).status_code == 415
    assert post(client, incident, png()[:-9]).status_code == 422
    assert post(client, incident, b"").json()["errors"][0]["field"] == "image"
    assert post(client, incident, png() + bytes(LARGEST_IMAGE)).status_code == 413
    assert post(client, "NOPE", png()).status_code == 404
    assert client.get(f"/api/v1/incidents/{incident}/images/{'0' * 32}").status_code == 404


def test_exports_carry_pictures_and_the_audit_names_them(client, home, incident, tmp_path):
    url = post(client, incident, png(), "oven.png").json()["url"]
    (row,) = home.memory.store.audit.page(action="image added").items
    assert row.about == incident
    archive.write(home.memory.store, tmp_path / "out")
    store = Storage.open("sqlite://")
    for _ in range(2):
        archive.read(store, tmp_path / "out")
    image = store.images.get(incident, url.rpartition("/")[2])
    assert (image.name, image.file.data) == ("oven.png", png())
    store.close()
    assert sum(json.loads((tmp_path / "out/onrecall.json").read_text())["rows"].values()) > 1
