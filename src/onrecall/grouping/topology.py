"""Declared dependencies between services."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.service_names import canonical_service


@dataclass(frozen=True, slots=True)
class ServiceGraph:
    """Services and the services each of them needs."""

    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    needed_by: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, mapping: Any) -> "ServiceGraph":
        """Read `service: [services it depends on]`. Raises Invalid with the place for anything else."""
        if mapping is None:
            return cls()
        if not isinstance(mapping, Mapping):
            raise Invalid(
                f"a topology is `service: [services it depends on]`, not {_describe_value(mapping)}", "topology"
            )
        needs: dict[str, set[str]] = {}
        needed_by: dict[str, set[str]] = {}
        for service, dependencies in mapping.items():
            name = _name(service, "topology")
            needs.setdefault(name, set())
            for dependency in _list(dependencies, name):
                if dependency != name:
                    needs[name].add(dependency)
                    needed_by.setdefault(dependency, set()).add(name)
        return cls(_frozen(needs), _frozen(needed_by))

    def __contains__(self, service: object) -> bool:
        """Return whether anything is declared about a service."""
        return service in self.needs or service in self.needed_by

    def relation(self, service: str, other_service: str) -> "ServiceRelation | None":
        """Return how a fault may spread between two services within two steps; None if nothing is declared.

        Two services that a third one needs are not tied: neither can bring the other down.
        """
        for upper, lower in ((service, other_service), (other_service, service)):
            if lower in self.needs.get(upper, _NONE):
                return ServiceRelation(1, 1.0, f"{upper} depends on {lower}")
        for upper, lower in ((service, other_service), (other_service, service)):
            if between := self.needs.get(upper, _NONE) & self.needed_by.get(lower, _NONE):
                return ServiceRelation(2, 1.0, f"{upper} depends on {lower} through {min(between)}")
        if shared := self.needs.get(service, _NONE) & self.needs.get(other_service, _NONE):
            fewest, needed = min((len(self.needed_by[name]), name) for name in shared)
            return ServiceRelation(2, 2 / fewest, f"{service} and {other_service} both depend on {needed}")
        return None

    def neighbors(self, service: str) -> tuple[str, ...]:
        """Return the services within two steps, nearest first."""
        first = self.needs.get(service, _NONE) | self.needed_by.get(service, _NONE)
        second = {two for name in first for two in self.needs.get(name, _NONE) | self.needed_by.get(name, _NONE)}
        return (*sorted(first), *sorted(second - first - {service}))

    def upstream(self, service: str) -> frozenset[str]:
        """Return the service and its transitive dependencies, where a fault that shows in it may originate."""
        reached = {service}
        layer = reached
        while layer:
            layer = {needed for name in layer for needed in self.needs.get(name, _NONE)} - reached
            reached = reached | layer
        return frozenset(reached)


@dataclass(frozen=True, slots=True)
class ServiceRelation:
    """A declared way for a fault to spread from one service to another."""

    hops: int
    strength: float
    """1 for a dependency; for services that share one, less the more others share it."""
    reason: str


_NONE: frozenset[str] = frozenset()


def _list(dependencies: Any, service: str) -> Sequence[str]:
    where = f"topology.{service}"
    if dependencies is None:
        return ()
    if not isinstance(dependencies, Sequence) or isinstance(dependencies, str | bytes):
        raise Invalid(
            f"write the services that {service} depends on as a list, not {_describe_value(dependencies)}", where
        )
    return [_name(dependency, where) for dependency in dependencies]


def _name(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Invalid(
            f"a service's name is text, not {_describe_value(value)}; put it in quotes if it looks like a number", where
        )
    return service_name(value)


def service_name(value: str) -> str:
    """Return the canonical name of a service: `Orders API`, `orders_api` and `orders-api` are the same."""
    return canonical_service(value)


def _describe_value(value: Any) -> str:
    return f"{value!r:.60} ({type(value).__name__})"


def _frozen(sets: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    return {name: frozenset(sets[name]) for name in sets}
