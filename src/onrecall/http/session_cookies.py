"""The cookies of sessions and sign-ins: which are set, and which of a request count."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from onrecall.domain.session import Session, csrf_token
from onrecall.http.credentials import host_of
from onrecall.pipeline.sessions import NewSession

SESSION = "onrecall-session"
CSRF = "onrecall-csrf"
"""The one cookie that the console's script reads, to repeat it in a header."""
SIGN_IN = "onrecall-sign-in"
TEAM = "onrecall-team"
"""Names the team whose store knows the session; the session decides, so that another name leads nowhere."""
CSRF_HEADER = "x-csrf-token"
SECURE_PREFIX = "__Host-"
"""Browsers accept a cookie of such a name from this very host alone, over TLS."""


class SessionCookies:
    """Reads and sets the cookies; over TLS each has the prefix `__Host-`."""

    def __init__(self, public_url: str | None) -> None:
        self._public = urlsplit(public_url) if public_url else None

    def read(self, request: HTTPConnection, name: str) -> str | None:
        """Return the value of a cookie. Where there is TLS, one without the prefix does not count."""
        value = request.cookies.get(SECURE_PREFIX + name)
        if value is None and not self._is_secure(request):
            value = request.cookies.get(name)
        return value or None

    def set(self, request: HTTPConnection, response: Response, name: str, value: str, seconds: int) -> None:
        """Set a cookie for a number of seconds."""
        secure = self._is_secure(request)
        response.set_cookie(
            SECURE_PREFIX + name if secure else name,
            value,
            max_age=seconds,
            path="/",
            secure=secure,
            httponly=name != CSRF,
            samesite="lax",
        )

    def delete(self, request: HTTPConnection, response: Response, *names: str) -> None:
        """Delete cookies, with and without the prefix."""
        for name in names:
            for secure in (True, False):
                full_name = SECURE_PREFIX + name if secure else name
                if full_name in request.cookies:
                    response.delete_cookie(full_name, path="/", secure=secure, httponly=name != CSRF, samesite="lax")

    def _is_secure(self, request: HTTPConnection) -> bool:
        """Return whether the browser speaks TLS, with this server or with a proxy before it."""
        headers = request.headers
        if request.url.scheme in ("https", "wss") or headers.get("x-forwarded-proto", "").lower() == "https":
            return True
        if headers.get("origin", "").startswith("https://"):
            return True
        public = self._public
        return public is not None and public.scheme == "https" and headers.get("host", "").lower() == host_of(public)


def set_session(
    request: HTTPConnection, response: Response, cookies: SessionCookies, begun: NewSession, team: str | None
) -> None:
    """Set the cookies of a new session, which last as long as it can; the team is the one whose store knows it."""
    session = begun.session
    seconds = round((session.expires_at - session.created_at).total_seconds())
    cookies.set(request, response, SESSION, begun.token, seconds)
    cookies.set(request, response, CSRF, csrf_token(begun.token), seconds)
    set_team(request, response, cookies, team, seconds)


def set_team(
    request: HTTPConnection, response: Response, cookies: SessionCookies, team: str | None, seconds: int
) -> None:
    """Set the cookie that names a team; without one, delete it."""
    if team is None:
        cookies.delete(request, response, TEAM)
    else:
        cookies.set(request, response, TEAM, team, seconds)


def renew_csrf_cookie(request: HTTPConnection, response: Response, cookies: SessionCookies, session: Session) -> None:
    """Set the cookie that the console's script reads again, where a browser has lost it."""
    token = cookies.read(request, SESSION)
    if token is not None and cookies.read(request, CSRF) != csrf_token(token):
        seconds = round((session.expires_at - session.created_at).total_seconds())
        cookies.set(request, response, CSRF, csrf_token(token), seconds)
