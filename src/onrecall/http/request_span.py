"""A span for each HTTP request, inside the caller's trace if it names one."""

from contextlib import AbstractContextManager

from starlette.types import Scope

from onrecall.domain.spans import Span, is_traced, span

TRACE_HEADERS = ("traceparent", "tracestate")
"""W3C Trace Context."""


def request_span(scope: Scope) -> AbstractContextManager[Span]:
    """Return the span of a request, named by its method until its route is known."""
    if not is_traced():
        return span("request")
    from opentelemetry.propagate import extract  # noqa: PLC0415 - an extra
    from opentelemetry.trace import SpanKind  # noqa: PLC0415

    sent = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    parent = extract({name: sent[name] for name in TRACE_HEADERS if name in sent})
    return span(scope["method"], {"http.request.method": scope["method"]}, kind=SpanKind.SERVER, context=parent)
