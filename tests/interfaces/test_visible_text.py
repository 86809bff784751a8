"""What the interfaces answer hides nothing and turns nothing around; what is stored and exported keeps every character."""

import io
import json
import zipfile

from starlette.responses import Response
from starlette.testclient import TestClient

from onrecall.cli.output import dump
from onrecall.domain.control_characters import strip_control_characters
from onrecall.http.visible_text import VisibleText
from onrecall.mcp import results

HIDING = {"\u202e", "\u2066", "\u200b", "\U000e0041"}
TITLE = "\u202ekcatta\u202c payments\u200b down \u2066x\u2069\U000e0041 سرور پایین می\u200cشود"
SHOWN = "kcatta payments down x سرور پایین می\u200cشود"


def test_the_api_answers_without_what_hides_and_the_export_keeps_it(client):
    made = client.post("/api/v1/incidents", json={"id": "HID-1", "title": TITLE, "description": "de\u200blete x"})
    assert made.json()["incident"]["title"] == SHOWN if "incident" in made.json() else made.json()["title"] == SHOWN
    for path in ("/api/v1/incidents/HID-1", "/api/v1/pages/HID-1", "/api/v1/incidents", "/api/v1/search?q=payments"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert int(answer.headers["content-length"]) == len(answer.content) or "gzip" in answer.headers.get(
            "content-encoding", ""
        )
        assert not HIDING & set(answer.text), path
        assert SHOWN.rsplit(maxsplit=1)[-1] in answer.text, path
    packed = zipfile.ZipFile(io.BytesIO(client.get("/api/v1/export").content))
    exported = "".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    assert TITLE in exported or json.dumps(TITLE)[1:-1] in exported


def test_errors_and_questions_hide_nothing(client):
    asked = client.post("/api/v1/ask", json={"text": "payments \u202egpj.exe down"})
    unknown = client.get("/api/v1/incidents/HID\u202e1")
    assert not HIDING & set(asked.text + unknown.text)


def test_what_is_printed_and_told_to_assistants_hides_nothing():
    for shown in (strip_control_characters(TITLE), json.loads(dump({"title": TITLE}))["title"]):
        assert shown == SHOWN
    told = results.tool_result({"service": TITLE, "labels": {"a\u202eb": [TITLE]}, "n": 3})["data"]
    assert told == {"service": SHOWN, "labels": {"ab": [SHOWN]}, "n": 3}


def test_a_file_to_download_stays_as_it_is():
    file = Response(TITLE.encode(), media_type="text/plain", headers={"content-disposition": "attachment"})
    assert TestClient(VisibleText(file)).get("/").text == TITLE
    assert TestClient(VisibleText(Response(TITLE.encode(), media_type="text/plain"))).get("/").text == SHOWN
