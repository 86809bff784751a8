"""Authenticates requests by the cookie of a session, and keeps other sites from using it."""

import hmac

from starlette.requests import Request

from onrecall.domain.access import Principal
from onrecall.domain.errors import Forbidden, Unauthorised
from onrecall.domain.session import csrf_token
from onrecall.http import credentials, thread_pools
from onrecall.http.cross_origin import ElsewhereForbidden
from onrecall.http.roles import DOWNLOADS, SAFE_METHODS
from onrecall.http.session_cookies import CSRF_HEADER, SESSION, SessionCookies
from onrecall.pipeline.sessions import Sessions

NO_CSRF_TOKEN = f"a request of a session that changes something needs its token as `{CSRF_HEADER}`; reload the page"


class SessionAuth:
    """Finds the session of a request. A key or a ticket in the request goes first, and then no cookie counts."""

    def __init__(self, sessions: Sessions, cookies: SessionCookies, public_host: str | None) -> None:
        self._sessions = sessions
        self._cookies = cookies
        self._public_host = public_host

    async def caller(self, request: Request, path: str | None) -> Principal | None:
        """Return who signed in, or None without a valid session. Raises Forbidden for another site's request.

        `path` is the template of the route.
        """
        token = self._cookies.read(request, SESSION)
        if token is None:
            return None
        try:
            if self._sessions.is_cached(token):
                caller = self._sessions.holder(token)
            else:
                caller = await thread_pools.run(thread_pools.SESSIONS, self._sessions.holder, token)
        except Unauthorised:
            return None
        if request.method not in SAFE_METHODS or path in DOWNLOADS:
            self._require_own_page(request)
        if request.method not in SAFE_METHODS and request.method != "WEBSOCKET":
            _require_csrf_token(request, token)
        return caller

    def is_present(self, request: Request) -> bool:
        """Return whether a request has the cookie of a session, valid or not."""
        return self._cookies.read(request, SESSION) is not None

    def _require_own_page(self, request: Request) -> None:
        """Raise unless this server's own page asks; not even other origins that may send keys."""
        if credentials.is_cross_origin(request.headers, (), self._public_host):
            raise ElsewhereForbidden
        if request.method == "WEBSOCKET" and "origin" not in request.headers:
            raise Forbidden("a browser names the origin of a page that opens a WebSocket; programs send a key")


def _require_csrf_token(request: Request, token: str) -> None:
    repeated = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(repeated.encode(), csrf_token(token).encode()):
        raise Forbidden(NO_CSRF_TOKEN)
