"""Traces, sent to a collector that decodes what OpenTelemetry's exporter sends."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from guarded import Doors
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from onrecall.bootstrap.trace_export import exported_traces, read_headers, traces_address
from onrecall.domain.errors import Invalid
from onrecall.settings import Settings
from onrecall.storage import Storage

CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"
SECRET_WORDS = "walrus quota exceeded"


class Collector(HTTPServer):
    """Keeps each export that it gets, and the headers it came with."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), CollectorHandler)
        self.exports: list[ExportTraceServiceRequest] = []
        self.team: list[str | None] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def spans(self):
        return [
            span
            for export in self.exports
            for resource in export.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class CollectorHandler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.exports.append(ExportTraceServiceRequest.FromString(body))
        self.server.team.append(self.headers["x-team"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running
        running.shutdown()


def test_requests_and_stages_are_spans_of_the_callers_trace(store: Storage, collector: Collector):
    doors = Doors(store)
    chosen = Settings(otlp_endpoint=collector.address, otlp_headers="x-team=shop")
    with exported_traces(chosen), doors.client() as client:
        answered = client.post(
            "/api/v1/ask",
            json={"text": SECRET_WORDS},
            headers={"traceparent": f"00-{CALLER}-00f067aa0ba902b7-01"},
        )
    assert answered.status_code == 200, answered.text
    by_name = {span.name: span for span in collector.spans()}
    request = by_name["POST /api/v1/ask"]
    assert request.trace_id.hex() == CALLER
    assert [by_name[name].trace_id.hex() for name in ("recall", "compose")] == [CALLER, CALLER]
    assert by_name["recall"].parent_span_id == request.span_id
    assert {"http.route", "http.response.status_code"} <= {pair.key for pair in request.attributes}
    assert set(collector.team) == {"shop"}
    assert SECRET_WORDS not in str(collector.exports)
    assert 'string_value: "onrecall"' in str(collector.exports[0].resource_spans[0].resource)


def test_nothing_is_recorded_without_an_endpoint(store: Storage, collector: Collector):
    doors = Doors(store)
    with exported_traces(Settings()), doors.client() as client:
        client.get("/healthz")
    assert collector.exports == []


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("http://otel:4318", "http://otel:4318/v1/traces"),
        ("http://otel:4318/", "http://otel:4318/v1/traces"),
        ("https://example.org/otlp/v1/traces", "https://example.org/otlp/v1/traces"),
    ],
)
def test_an_endpoint_may_name_the_path(endpoint, address):
    assert traces_address(endpoint) == address


def test_headers_without_a_value_name_the_setting():
    with pytest.raises(Invalid, match="name=value") as refused:
        read_headers(Settings(otlp_headers="authorization"))
    assert refused.value.field == "otlp_headers"
