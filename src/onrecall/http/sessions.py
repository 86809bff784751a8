"""Signing in and out: sessions with a key, the identity provider's pages, and the list of sessions."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import SplitResult, parse_qs, urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from onrecall.domain.access import Principal, Role
from onrecall.domain.errors import Conflict, Forbidden, NotFound, Unauthorised, Unavailable
from onrecall.domain.session import Session
from onrecall.http import credentials, thread_pools
from onrecall.http.cross_origin import ElsewhereForbidden
from onrecall.http.dependencies import TheCaller
from onrecall.http.keys import SECRET
from onrecall.http.problems import responses
from onrecall.http.rate_limit import RateLimit
from onrecall.http.session_cookies import CSRF, SESSION, SIGN_IN, TEAM, SessionCookies, set_session, set_team
from onrecall.identity.refusal import SignInRefused
from onrecall.pipeline.sessions import Device, Sessions
from onrecall.pipeline.sign_in import LIFETIME, SignIn
from onrecall.schemas.sessions import (
    SessionOut,
    SessionTeamIn,
    SessionTeamOut,
    SignedOutOut,
    SignInIn,
    SignInOptionsOut,
    SignInOut,
)

router = APIRouter(tags=["sessions"])
API = "/api/v1"
NO_PROVIDER = "no identity provider is configured; sign in with a key, or set ONRECALL_OIDC_ISSUER"


class SessionList(BaseModel):
    """Sessions that are active, newest first."""

    items: list[SessionOut]


class SessionTeamList(BaseModel):
    """Teams that a session is good for, by name."""

    items: list[SessionTeamOut]


async def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.app.state.sessions
    return sessions


async def _cookies(request: Request) -> SessionCookies:
    cookies: SessionCookies = request.app.state.cookies
    return cookies


async def _sign_in(request: Request) -> SignIn:
    sign_in: SignIn | None = request.app.state.sign_in
    if sign_in is None:
        raise NotFound(NO_PROVIDER)
    return sign_in


async def _starts(request: Request) -> RateLimit:
    starts: RateLimit = request.app.state.sign_in_starts
    return starts


TheSessions = Annotated[Sessions, Depends(_sessions)]
TheCookies = Annotated[SessionCookies, Depends(_cookies)]
TheSignIn = Annotated[SignIn, Depends(_sign_in)]
TheStarts = Annotated[RateLimit, Depends(_starts)]
"""The sign-ins that were begun, by address."""


@router.get(f"{API}/sign-in")
async def options(request: Request) -> SignInOptionsOut:
    """Return how one can sign in. Needs no credentials."""
    sign_in: SignIn | None = request.app.state.sign_in
    return SignInOptionsOut(provider=None if sign_in is None else sign_in.provider.settings.label)


@router.post(f"{API}/sign-in/provider", responses=responses(404))
async def start(
    begun: SignInIn,
    request: Request,
    response: Response,
    sign_in: TheSignIn,
    cookies: TheCookies,
    starts: TheStarts,
) -> SignInOut:
    """Begin a sign-in at the identity provider, for the console's own page; returns where to send the browser."""
    if _is_at_other_address(request):
        query = urlencode({"to": begun.return_to, "go": "1"})
        return SignInOut(url=f"{sign_in.provider.settings.public_url.rstrip('/')}/sign-in?{query}")
    if (wait := starts.failed(credentials.client_address(request.client))) is not None:
        raise HTTPException(429, "too many sign-ins begin from this address", {"Retry-After": str(round(wait) or 1)})
    started = await thread_pools.run(
        thread_pools.SIGN_IN, sign_in.start, cookies.read(request, SIGN_IN), begun.return_to
    )
    cookies.set(request, response, SIGN_IN, started.browser_secret, round(LIFETIME.total_seconds()))
    response.headers.update(SECRET)
    return SignInOut(url=started.url)


def _is_at_other_address(request: Request) -> bool:
    """Return whether the console was opened under another name than its public one. Raises Forbidden elsewhere."""
    public: SplitResult = request.app.state.public
    if credentials.is_cross_origin(request.headers, (), credentials.host_of(public)):
        raise ElsewhereForbidden
    page_host = request.headers.get("origin", "").partition("://")[2].lower()
    return bool(page_host) and page_host != credentials.host_of(public)


@router.get("/sign-in/callback", include_in_schema=False)
async def finish(request: Request, sign_in: TheSignIn, cookies: TheCookies) -> Response:
    """Take the identity provider's answer; the browser goes on to the console, signed in or told why not."""
    secret, device = cookies.read(request, SIGN_IN), _device(request, cookies)
    answer, last_team = dict(request.query_params), cookies.read(request, TEAM)
    finished = await thread_pools.run(thread_pools.SIGN_IN, sign_in.finish, secret, answer, device, last_team)
    if finished.session is None:
        reason = "token" if finished.refusal is None else finished.refusal.reason
        query = urlencode({"problem": reason, "to": finished.return_to})
        return RedirectResponse(f"/sign-in?{query}", 303, SECRET)
    response = RedirectResponse(finished.return_to, 303, SECRET)
    set_session(request, response, cookies, finished.session, finished.team or request.app.state.team)
    cookies.delete(request, response, SIGN_IN)
    return response


@router.post("/sign-in/back-channel-logout", include_in_schema=False)
async def log_out_at_provider(request: Request, sign_in: TheSignIn) -> Response:
    """End the sessions that the identity provider's signed notice names (OpenID Connect Back-Channel Logout)."""
    form = parse_qs((await request.body()).decode(errors="replace"))
    try:
        await thread_pools.run(thread_pools.SIGN_IN, sign_in.log_out, form.get("logout_token", [""])[0])
    except SignInRefused as refusal:
        raise HTTPException(400, str(refusal), SECRET) from refusal
    return Response(status_code=200, headers=SECRET)


@router.post(f"{API}/session", status_code=201, responses=responses(409))
def begin(
    request: Request, response: Response, caller: TheCaller, sessions: TheSessions, cookies: TheCookies
) -> SessionOut:
    """Begin a session with the key of this request; a browser keeps it as a cookie that no script can read."""
    if caller.key is None or caller.session_id is not None:
        raise Conflict("a session begins with a key: send it as `Authorization: Bearer …`")
    if credentials.is_cross_origin(request.headers, (), credentials.host_of(request.app.state.public)):
        raise ElsewhereForbidden
    begun = sessions.begin_with_key(caller.key, _device(request, cookies))
    set_session(request, response, cookies, begun, request.app.state.team)
    response.headers.update(SECRET)
    return SessionOut.of(begun.session, begun.session.id)


@router.delete(f"{API}/session")
def end_current(
    request: Request, response: Response, caller: TheCaller, sessions: TheSessions, cookies: TheCookies
) -> SignedOutOut:
    """Sign out: end the session of this browser. Without a session nothing changes."""
    cookies.delete(request, response, SESSION, CSRF, TEAM)
    if caller.session_id is None:
        return SignedOutOut(provider_url=None)
    ended = sessions.end(caller.session_id, caller)
    _end_same_sign_in(request, ended)
    return SignedOutOut(provider_url=None if ended.issuer is None else _logout_url(request))


@router.get(f"{API}/sessions", responses=responses(403))
def list_(caller: TheCaller, sessions: TheSessions, everybody: bool = False) -> SessionList:
    """List your active sessions; with `everybody`, an admin sees those of all."""
    if everybody and not caller.may("admin"):
        raise Forbidden("only an admin may list everybody's sessions; leave out `everybody`")
    shown = sessions.all_active() if everybody else () if caller.name is None else sessions.all_active(caller.name)
    return SessionList(items=[SessionOut.of(session, caller.session_id) for session in shown])


@router.delete(f"{API}/sessions", responses=responses(403, 409))
def end_everywhere(request: Request, caller: TheCaller, sessions: TheSessions, name: str | None = None) -> SessionList:
    """Sign out everywhere: end all your sessions; an admin may name somebody else."""
    whom = name or caller.name
    if whom is None:
        raise Conflict("you are not signed in, so there is nothing to end; name somebody with `name`")
    ended = sessions.end_all(whom, caller)
    if whom == caller.name:
        _end_in_other_teams(request, ended)
    return SessionList(items=[SessionOut.of(session) for session in ended])


@router.delete(f"{API}/sessions/{{session_id}}", responses=responses(404))
def end(request: Request, session_id: str, caller: TheCaller, sessions: TheSessions) -> SessionOut:
    """End one of your sessions; an admin may end anybody's. A repetition changes nothing."""
    ended = sessions.end(session_id, caller)
    if ended.name == caller.name:  # an admin of this team has no say in others
        _end_same_sign_in(request, ended)
    return SessionOut.of(ended)


@router.get(f"{API}/session/teams")
def list_teams(request: Request, caller: TheCaller, cookies: TheCookies) -> SessionTeamList:
    """List the teams that this browser's session is good for; with a key or locally, only the present one."""
    current: str | None = request.app.state.team
    roles = {current: caller.role} | _roles_elsewhere(request, caller, cookies)
    items = [SessionTeamOut(team=team, role=role, current=team == current) for team, role in roles.items()]
    return SessionTeamList(items=sorted(items, key=lambda item: item.team or ""))


@router.put(f"{API}/session/team", responses=responses(404))
def switch_team(
    wanted: SessionTeamIn,
    request: Request,
    response: Response,
    caller: TheCaller,
    sessions: TheSessions,
    cookies: TheCookies,
) -> SessionTeamOut:
    """Go on with another team that this browser's session is good for. A repetition changes nothing."""
    current: str | None = request.app.state.team
    roles = {current: caller.role} | _roles_elsewhere(request, caller, cookies)
    session = None if caller.session_id is None else sessions.get(caller.session_id)
    if wanted.team not in roles or session is None:
        raise NotFound(f"this session is not good for {wanted.team or 'the installation itself'}; sign in there")
    seconds = round((session.expires_at - session.created_at).total_seconds())
    set_team(request, response, cookies, wanted.team, seconds)
    return SessionTeamOut(team=wanted.team, role=roles[wanted.team], current=True)


def _roles_elsewhere(request: Request, caller: Principal, cookies: SessionCookies) -> dict[str | None, Role]:
    """Return the roles that the session of a request has in the stores of other teams."""
    token = cookies.read(request, SESSION)
    roles: dict[str | None, Role] = {}
    if caller.session_id is None or token is None:
        return roles
    for team, sessions in _other_sessions(request).items():
        with contextlib.suppress(Unauthorised):
            roles[team] = sessions.holder(token).role
    return roles


def _end_in_other_teams(request: Request, ended: Sequence[Session]) -> None:
    """End the sessions of the same accounts of the identity provider in the stores of other teams."""
    for issuer, subject in {(session.issuer, session.subject) for session in ended}:
        if issuer is not None and subject is not None:
            for others in _other_sessions(request).values():
                others.end_of_person(issuer, subject)


def _end_same_sign_in(request: Request, ended: Session) -> None:
    """End the sessions in the stores of other teams that the same token opens."""
    for others in _other_sessions(request).values():
        others.end_with_hash(ended.hash)


def _other_sessions(request: Request) -> Mapping[str | None, Sessions]:
    others: Mapping[str | None, Sessions] = request.app.state.team_sessions
    return others


def _device(request: Request, cookies: SessionCookies) -> Device:
    return Device(request.headers.get("user-agent"), cookies.read(request, SESSION))


def _logout_url(request: Request) -> str | None:
    """Return the provider's page for signing out; None where it has none or does not answer."""
    sign_in: SignIn | None = request.app.state.sign_in
    try:
        return None if sign_in is None else sign_in.provider.logout_url()
    except Unavailable:
        return None
