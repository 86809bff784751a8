"""Cluster a table of incidents by cause label, link or text: the rules of `clustering` for any number of incidents.

Texts tie only incidents that have neither a label nor a link, so each group of equal texts can be judged by itself:
it joins the one group of labels and links that it touches, or forms its own, or, if it touches two, ties nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from onrecall.domain.disjoint_sets import DisjointSets
from onrecall.recurrences.incident_table import IncidentTable

SAME_ROOT_CAUSE, LIKE_ROOT_CAUSE, SAME_OPENING = 1, 2, 3


@dataclass(frozen=True, slots=True)
class SimilarRows:
    """Two rows with equivalent root causes in different words."""

    row: int
    to: int
    score: float


@dataclass(frozen=True, slots=True)
class Components:
    """For each row its group, and by which words it came to it."""

    group: np.ndarray
    """-1: it shares its cause with none."""
    kind: np.ndarray
    """SAME_ROOT_CAUSE and so on; 0 where no text ties it."""
    neighbor: np.ndarray
    """The row with the same or a similar text."""
    score: np.ndarray


def find_components(table: IncidentTable, similar: Iterable[SimilarRows] = ()) -> Components:
    """Return the groups; those of labels and links first, then the texts that join them or form their own."""
    size = len(table)
    components = Components(
        _firm_groups(table), np.zeros(size, np.uint8), np.full(size, -1, np.int64), np.zeros(size, np.float64)
    )
    root_causes = table.facts["root_cause"]
    firm_groups = int(components.group.max(initial=-1)) + 1
    _join_equal_texts(components, root_causes, SAME_ROOT_CAUSE)
    _join_similar(components, similar, firm_groups)
    _close_alone(components, root_causes != 0)
    _join_equal_texts(components, table.facts["opening"], SAME_OPENING)
    return components


def connected_components(size: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return for each of `size` nodes the smallest node that edges connect it with."""
    parents = np.arange(size)
    while True:
        first, second = parents[left], parents[right]
        lower, upper = np.minimum(first, second), np.maximum(first, second)
        apart = lower < upper
        if not apart.any():
            return parents
        np.minimum.at(parents, upper[apart], lower[apart])
        while not np.array_equal(parents, higher := parents[parents]):
            parents = higher


def _firm_groups(table: IncidentTable) -> np.ndarray:
    """Return for each row its group by labels and links, -1 for none."""
    names = table.facts["name"]
    proper = table.links[table.links["target"] != names[table.links["row"]]]
    linked = np.unique(np.concatenate([names[proper["row"]], proper["target"]]))
    causes = int(table.causes.max(initial=-1)) + 1
    node = table.causes.astype(np.int64)
    place = np.searchsorted(linked, names)
    is_linked = np.zeros(len(names), bool)
    inside = place < len(linked)
    is_linked[inside] = linked[place[inside]] == names[inside]
    labelled_and_linked = np.flatnonzero(is_linked & (node >= 0))
    sources, targets = (np.searchsorted(linked, ends) for ends in (names[proper["row"]], proper["target"]))
    left = np.concatenate([sources, place[labelled_and_linked]]) + causes
    right = np.concatenate([targets + causes, node[labelled_and_linked]])
    node[is_linked] = place[is_linked] + causes
    roots = connected_components(causes + len(linked), left, right)
    groups: np.ndarray = np.append(roots, -1)[node]  # -1 stays -1
    return groups


def _join_equal_texts(components: Components, texts: np.ndarray, kind: int) -> None:
    """Join the rows with the same text, unless they are in two groups already."""
    group = components.group
    rows = np.flatnonzero(texts != 0)
    rows = rows[np.argsort(texts[rows], kind="stable")]
    if not len(rows):
        return
    starts = np.flatnonzero(np.r_[True, texts[rows][1:] != texts[rows][:-1]])
    sizes = np.diff(np.r_[starts, len(rows)])
    groups = group[rows]
    highest = np.maximum.reduceat(groups, starts)
    lowest = np.minimum.reduceat(np.where(groups < 0, np.iinfo(np.int64).max, groups), starts)
    alone = np.add.reduceat((groups < 0).astype(np.int64), starts)
    joins = (sizes > 1) & (alone > 0) & ((highest < 0) | (highest == lowest))
    new = np.arange(len(starts)) + int(group.max(initial=-1)) + 1
    target = np.where(highest < 0, new, highest)
    member = np.repeat(joins, sizes)
    joined = rows[member]
    group[joined] = np.repeat(target, sizes)[member]
    first = np.repeat(rows[starts], sizes)
    second = np.repeat(rows[np.minimum(starts + 1, len(rows) - 1)], sizes)
    _note(components, joined, kind, np.where(rows == first, second, first)[member], 1.0)


def _join_similar(components: Components, similar: Iterable[SimilarRows], firm_groups: int) -> None:
    """Join the rows around each oldest one, unless that would join two groups of labels or links."""
    group = components.group
    sets: DisjointSets[int] = DisjointSets()

    def top(row: int) -> int:
        return sets.root(int(group[row]) if group[row] >= 0 else -2 - row)

    touched: set[int] = set()
    for center, neighbors in _stars(similar):
        members = [center, *(row for row, _ in neighbors)]
        tops = {top(row) for row in members}
        firms = {root for root in tops if 0 <= root < firm_groups}
        if len(tops) < 2 or len(firms) > 1:
            continue
        remaining = next(iter(firms), min(tops))
        for root in tops - {remaining}:
            sets.unite(remaining, root)
        touched.update(members)
        for row, score in neighbors:
            _note(components, np.array([row]), LIKE_ROOT_CAUSE, np.array([center]), score)
        _note(components, np.array([center]), LIKE_ROOT_CAUSE, np.array([neighbors[0][0]]), neighbors[0][1])
    _renumber(group, sets, touched)


def _renumber(group: np.ndarray, sets: DisjointSets[int], touched: set[int]) -> None:
    """Give the rows of united sets one group number."""
    following = int(group.max(initial=-1)) + 1
    numbers: dict[int, int] = {}
    changed: dict[int, int] = {}
    for item in tuple(sets):
        root = sets.root(item)
        if root not in numbers:
            numbers[root] = root if root >= 0 else following
            following += root < 0
        if item >= 0 and item != numbers[root]:
            changed[item] = numbers[root]
    alone = [row for row in touched if group[row] < 0]
    for row in alone:
        group[row] = numbers[sets.root(-2 - row)]
    if changed:
        old = np.array(sorted(changed), np.int64)
        new = np.array([changed[number] for number in sorted(changed)], np.int64)
        place = np.minimum(np.searchsorted(old, group), len(old) - 1)
        hit = old[place] == group
        group[hit] = new[place[hit]]


def _stars(similar: Iterable[SimilarRows]) -> list[tuple[int, Sequence[tuple[int, float]]]]:
    around: dict[int, dict[int, float]] = {}
    for pair in similar:
        if pair.row != pair.to:
            near = around.setdefault(pair.to, {})
            near[pair.row] = max(pair.score, near.get(pair.row, 0.0))
    return [(center, sorted(near.items())) for center, near in sorted(around.items())]


def _close_alone(components: Components, rows: np.ndarray) -> None:
    """Give each of these rows that is in no group a group of its own, which equal openings do not join to another."""
    alone = np.flatnonzero(rows & (components.group < 0))
    components.group[alone] = np.arange(len(alone)) + int(components.group.max(initial=-1)) + 1


def _note(components: Components, rows: np.ndarray, kind: int, neighbors: np.ndarray, score: float) -> None:
    """Note by which text rows came to their group; the first reason stays."""
    new = components.kind[rows] == 0
    components.kind[rows[new]] = kind
    components.neighbor[rows[new]] = neighbors[new]
    components.score[rows[new]] = score
