"""HTTP: `/api/v1` as OpenAPI describes it, health beside it, and a page for people."""

from onrecall.http.app import create

__all__ = ["create"]
