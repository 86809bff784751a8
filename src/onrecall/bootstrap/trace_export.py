"""Send spans to an OpenTelemetry collector, if the settings name one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from onrecall import __version__
from onrecall.domain.errors import Invalid
from onrecall.domain.optional_packages import missing_extra
from onrecall.domain.spans import installed_tracer
from onrecall.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

TRACES_PATH = "/v1/traces"


@contextmanager
def exported_traces(chosen: Settings) -> Iterator[None]:
    """Export the spans of this process until the block ends; what is not sent yet is sent then.

    Raises Invalid if the optional packages are missing or the headers are not written as they should be.
    """
    if chosen.otlp_endpoint is None:
        yield
        return
    provider = _tracer_provider(chosen, chosen.otlp_endpoint)
    try:
        with installed_tracer(provider.get_tracer("onrecall", __version__)):
            yield
    finally:
        provider.shutdown()


def _tracer_provider(chosen: Settings, endpoint: str) -> "TracerProvider":
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an extra
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise Invalid(missing_extra("exporting traces", "otel"), "otlp_endpoint") from error
    resource = Resource.create({"service.name": "onrecall", "service.version": __version__})
    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(endpoint=traces_address(endpoint), headers=read_headers(chosen))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def traces_address(endpoint: str) -> str:
    """Return where a collector takes traces: the endpoint itself if it names the path."""
    base = endpoint.rstrip("/")
    return base if base.endswith(TRACES_PATH) else base + TRACES_PATH


def read_headers(chosen: Settings) -> Mapping[str, str]:
    """Return the headers of each export, from `name=value,name=value`."""
    if chosen.otlp_headers is None:
        return {}
    pairs = [part.partition("=") for part in chosen.otlp_headers.get_secret_value().split(",") if part.strip()]
    if not all(name.strip() and value.strip() for name, _, value in pairs):
        raise Invalid("headers are written as name=value,name=value", "otlp_headers")
    return {name.strip(): value.strip() for name, _, value in pairs}
