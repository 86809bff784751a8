"""HTTP requests come in: the API, webhooks, WebSocket, the console.
JSON as OpenAPI describes it, problems by RFC 9457 and pages go out.
"""

from onrecall.http.app import create

__all__ = ["create"]
