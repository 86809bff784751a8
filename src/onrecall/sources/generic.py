"""Any JSON: fields by the names that most people give them, or where a mapping file says that they stand."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from onrecall.domain.alert import Alert, AlertStatus
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Severity
from onrecall.domain.severity import severity
from onrecall.sources import payload as fields
from onrecall.sources.field_aliases import LISTS, VALUES, Named, bare, is_over
from onrecall.sources.mapping import Mapped, at, nested
from onrecall.sources.payload import Fields
from onrecall.sources.webhook import Delivery, Parse, Parsed, load_json

NAME = "generic"
_UNMAPPED = Mapped()
_CALLED = ("name", "title", "summary", "displayName", "display_name", "slug", "id")
_STATE = re.compile(
    r"\s*\[(?P<state>[^\]]{1,40})\]\s*|\s*(?P<word>RESOLVED|RECOVERED|RECOVERY|FIRING|PROBLEM|OK)\s*:\s*"
)
"""`[RESOLVED] Disk full`: what is said of a thing is no part of its name."""
_Look = Callable[[str], Iterator[Any]]


def parse(delivery: Delivery, now: datetime) -> Parsed:
    """One alert or a list of them, its fields by their common names."""
    return told(load_json(delivery.body), now)


def parser(mapped: Mapped) -> Parse:
    """A parser for payloads whose fields stand where a mapping says."""
    return lambda delivery, now: told(load_json(delivery.body), now, mapped)


def told(body: Any, now: datetime, mapped: Mapped = _UNMAPPED) -> Parsed:
    """What a body of plain JSON says."""
    if isinstance(body, list):
        return fields.parts(body, "body", lambda one: (alert(one, now, mapped),), lambda one: [one])
    said = fields.fields(body, "body")
    if mapped.alerts:
        path, listed = mapped.listed(said)
        return fields.parts(listed, path, lambda one: (alert(one, now, mapped),), lambda one: nested(path, [one]))
    name = next((name for name in said if bare(name) in LISTS and _objects(said[name])), None)
    if name is None:
        return fields.whole(said, lambda one: (alert(one, now, mapped),))
    around = {called: value for called, value in said.items() if called != name}
    return fields.parts(
        said[name], name, lambda one: (alert(one, now, mapped, around),), lambda one: {**around, name: [one]}
    )


def alert(body: Fields, now: datetime, mapped: Mapped = _UNMAPPED, around: Fields | None = None) -> Alert:
    """One alert; `around` is what was said of all that came with it."""
    named = Named(body, around or {})

    def look(field: str) -> Iterator[Any]:
        return mapped.find(field, body) if field in mapped.fields else named(field)

    heading = fields.need(_heading(look("title")), _where(mapped, "title"), '"Disk is full on db-1"')
    state = _STATE.match(heading)
    title = heading[state.end() :].strip() if state and _says_state(state) else heading
    title = title or heading
    status: AlertStatus = "resolved" if _over(look, mapped, state) else "firing"
    labels = _labels(named, mapped, body)
    service = _line(look("service"), fields.LONGEST_NAME) or fields.service(labels)
    times = {field: _moment(look(field), mapped, field) for field in ("starts_at", "ends_at", "told_at")}
    began, happened = times["starts_at"], times["told_at"]
    return Alert(
        NAME,
        _key(look, mapped) or _own_key(title, service, labels),
        title,
        began or happened or now,
        status,
        _described(look("description"), (title, heading)),
        service,
        _line(look("environment"), fields.LONGEST_NAME) or fields.environment(labels),
        _severity(look("severity")),
        labels,
        ends_at=times["ends_at"] if status == "resolved" else None,
        values=_values(named, mapped, body),
        links=fields.links(*_flat(look("links"))),
        group=next((said for one in look("group") if (said := _key_of(one))), None),
        told_at=happened,
        starts_known=began is not None,
    )


def given_key(body: Fields) -> str | None:
    """The key that a body gives its alert, by one of the common names."""
    return next((said for one in Named(body, {})("key") if (said := _key_of(one))), None)


def _where(mapped: Mapped, field: str) -> str:
    return next(iter(mapped.fields.get(field, ())), field)


def _key(look: _Look, mapped: Mapped) -> str | None:
    found = next((said for one in look("key") if (said := _key_of(one))), None)
    if found is None and "key" in mapped.fields:
        raise Invalid(f"`{_where(mapped, 'key')}` is missing, where the mapping says that the key stands", "key")
    return found


def _key_of(value: Any) -> str | None:
    said = fields.plain(value)
    return fields.short_key(said) if said else None


def _own_key(title: str, service: str | None, labels: Mapping[str, str]) -> str:
    """Where a sender gives no key an alert is known by what it says and where: the same words are the same alert."""
    where = (labels[one] for one in ("host", "hostname", "instance") if one in labels)
    return fields.short_key(" | ".join(filter(None, (title, service, next(where, None)))))


def _says_state(found: re.Match[str]) -> bool:
    return is_over(found["state"] or found["word"]) is not None


def _over(look: _Look, mapped: Mapped, state: re.Match[str] | None) -> bool:
    """Whether it is over: by the mapping's words, by the first field that tells, by what stands before the title."""
    said = list(look("status"))
    if mapped.resolved:
        return any((fields.plain(one) or "").lower() in mapped.resolved for one in said)
    flags = [one for one in look("over") if isinstance(one, bool)] + [
        not one for one in look("fires") if isinstance(one, bool)
    ]
    before = [is_over(state["state"] or state["word"])] if state else []
    told = (*map(is_over, said), *flags, *before)
    return next((one for one in told if one is not None), False)


def _severity(offered: Iterable[Any]) -> Severity:
    """The first that is a word or a level we know; a bare number says nothing, for nobody counts alike."""
    words = (_line([one]) for one in offered if not isinstance(one, int | float))
    return next((known for one in words if (known := severity(one)) != "unknown"), "unknown")


def _line(offered: Iterable[Any], longest: int = fields.LONGEST_LINE) -> str | None:
    """The first that says something, as one line; an object by what it is called."""
    for value in offered:
        said = fields.line(value, *_CALLED) if isinstance(value, dict) else fields.line({"said": value}, "said")
        if said:
            return fields.cut(said, longest)
    return None


def _heading(offered: Iterable[Any]) -> str | None:
    """The first line of the first that says something: a title may be taken from a long message."""
    for value in offered:
        said = fields.text(value, *_CALLED) if isinstance(value, dict) else fields.plain(value)
        first = next((line for line in (said or "").splitlines() if line.strip()), None)
        if first:
            return _line([first])
    return None


def _described(offered: Iterable[Any], titles: tuple[str, ...]) -> str:
    """The first text that is more than the title again."""
    texts = (fields.text({"said": one}, "said") for one in offered)
    return next((said for said in texts if said and said not in titles), "")


def _moment(offered: Iterable[Any], mapped: Mapped, field: str) -> datetime | None:
    """The first that is a time. Where a mapping says that a time stands, it must be one; elsewhere names mislead."""
    where = _where(mapped, field)
    for value in offered:
        try:
            if found := fields.moment({where.replace(".", " "): value}, where.replace(".", " ")):
                return found
        except Invalid:
            if field in mapped.fields:
                raise
    return None


def _labels(named: Named, mapped: Mapped, body: Fields) -> dict[str, str]:
    """What is labelled or tagged, and what identifies something wherever it stands."""
    told: dict[str, str] = {}
    for one in reversed(list(named("labels"))):
        told |= fields.flat(one) if isinstance(one, dict) else _tagged(one)
    for one in named.objects:
        told |= fields.known(fields.flat({name: value for name, value in one.items() if not isinstance(value, dict)}))
    told |= {name: said for name, paths in mapped.labels.items() if (said := _line(at(body, paths)))}
    return dict(list(told.items())[: fields.MOST_LABELS])


def _tagged(listed: Any) -> dict[str, str]:
    """Tags as a list or in one text, or labels as objects of key and value."""
    if isinstance(listed, str):
        return fields.tags([one.strip() for one in listed.split(",")])
    pairs = {
        name: one.get("value", one.get("Value"))
        for one in _objects(listed)
        if (name := fields.name(one, "key", "name", "Key", "Name"))
    }
    return fields.flat(pairs) | fields.tags(listed)


def _values(named: Named, mapped: Mapped, body: Fields) -> dict[str, float]:
    """Measured numbers."""
    places = {name: named(name) for name in VALUES} | {name: at(body, paths) for name, paths in mapped.values.items()}
    found = {name: next(_numbers(offered), None) for name, offered in places.items()}
    return {name: value for name, value in found.items() if value is not None}


def _numbers(offered: Iterable[Any]) -> Iterator[float]:
    return (found for one in offered if (found := fields.number({"said": one}, "said")) is not None)


def _flat(offered: Iterable[Any]) -> Iterator[Any]:
    """Addresses, also in lists, also as objects with an `href`."""
    for one in offered:
        for link in one if isinstance(one, list) else [one]:
            yield (link.get("href") or link.get("url")) if isinstance(link, dict) else link


def _objects(listed: Any) -> list[dict[str, Any]]:
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
