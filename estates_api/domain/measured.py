"""What was measured, as arrays: all that scores follow from, whatever the points, weights and cut-offs.

The local phase: every row is one site's, and no row depends on another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estates_api.domain import scoring
from estates_api.domain.method import Criterion, Method, ScoreName
from estates_api.domain.peers import DRAWN
from estates_api.domain.scoring import Floats, Scores

STATES: Mapping[str, int] = {
    "known": scoring.KNOWN, "unknown": scoring.UNKNOWN, "not applicable": scoring.NOT_APPLICABLE,
}  # fmt: skip

Cell = tuple[str, float | None, str | None]
"""State, number and edition of one measure."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """What sites are compared with: the different classes of peers, each with and without the NHS there, and which of
    them each site is."""

    names: tuple[tuple[str, bool], ...]
    of: NDArray[np.intp]


def kinds_of(pairs: Sequence[tuple[str, bool]]) -> Kinds:
    """The kinds of n sites, each told by its class and whether the NHS is there."""
    names = sorted(set(pairs))
    places = {name: place for place, name in enumerate(names)}
    return Kinds(tuple(names), np.array([places[pair] for pair in pairs], dtype=np.intp))


@dataclass(frozen=True, slots=True)
class Measured:
    """The measures of one score, sites x criteria: `numbers` (0 unless known), `state`, and `basis`, the place in
    `editions` of the edition whose peers a number is compared with."""

    kinds: Kinds
    numbers: Floats
    state: NDArray[np.int8]
    basis: NDArray[np.int16]
    editions: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Valued:
    """Values 0-1, sites x criteria, and what the unknown ones are drawn from: row `pool` of `table` (256 values, each
    as likely). Row 0 is nothing: where nobody publishes such a figure, silence earns nothing in any draw."""

    values: Floats
    state: NDArray[np.int8]
    pool: NDArray[np.int32]
    table: Floats


def gather(cells: Sequence[Sequence[Cell]], kinds: Kinds, width: int) -> Measured:
    """The arrays of n sites with `width` measures each."""
    flat = [cell for row in cells for cell in row]
    shape = (len(cells), width)
    editions = sorted({edition for _, _, edition in flat if edition is not None})
    places: dict[str | None, int] = {edition: place for place, edition in enumerate((None, *editions))}
    return Measured(
        kinds,
        np.array([number or 0.0 for _, number, _ in flat], dtype=np.float64).reshape(shape),
        np.array([STATES[state] for state, _, _ in flat], dtype=np.int8).reshape(shape),
        np.array([places[edition] for _, _, edition in flat], dtype=np.int16).reshape(shape),
        (None, *editions),
    )


def value(measured: Measured, method: Method, name: ScoreName) -> Valued:
    """The values of all measures; an unknown one has the mean of what it is drawn from."""
    kinds = measured.kinds
    values, pool = np.zeros(measured.state.shape), np.zeros(measured.state.shape, dtype=np.int32)
    table = [np.zeros(DRAWN)]
    for column, criterion in enumerate(method.of(name)):
        known = measured.state[:, column] == scoring.KNOWN
        values[known, column] = _known(measured, column, criterion, method)[known]
        of_kind = _pools(kinds.names, criterion, method, table)
        pool[:, column] = np.where(measured.state[:, column] == scoring.UNKNOWN, of_kind[kinds.of], 0)
    drawn = np.array(table)
    means = np.round(drawn.mean(axis=1), scoring.VALUE_PLACES)
    return Valued(np.where(measured.state == scoring.UNKNOWN, means[pool], values), measured.state, pool, drawn)


def score(valued: Valued, method: Method, name: ScoreName) -> Scores:
    """The scores by the method's weights."""
    weights = method.weights(name)
    return scoring.score(valued.values, valued.state, weights.groups, weights.of_groups, weights.of_criteria)


def _known(measured: Measured, column: int, criterion: Criterion, method: Method) -> Floats:
    """A criterion's values, right wherever the measure is known."""
    numbers, log = measured.numbers[:, column], criterion.scale == "log"
    if criterion.points:
        return scoring.value_of(numbers, criterion.points, log=log)
    values, basis = np.zeros(len(numbers)), measured.basis[:, column]
    for place in np.unique(basis):
        for number, (name, _) in enumerate(measured.kinds.names):
            rows = np.flatnonzero((basis == place) & (measured.kinds.of == number))
            if not len(rows):
                continue
            points = method.value_points(criterion, measured.editions[place], name)
            values[rows] = scoring.value_of(numbers[rows], points, log=log)
    return values


def _pools(
    names: Sequence[tuple[str, bool]], criterion: Criterion, method: Method, table: list[Floats]
) -> NDArray[np.int32]:
    """The row of the table for each kind of site; rows are added as they are met."""
    found: dict[str, int] = {}
    places = np.zeros(max(1, len(names)), dtype=np.int32)
    for place, (name, nhs) in enumerate(names):
        similar = method.peers.distribution(criterion.id, name, nhs=nhs)
        if similar is None:
            continue
        if similar.site_class not in found:
            found[similar.site_class] = len(table)
            points = method.value_points(criterion, similar.edition, similar.site_class)
            table.append(scoring.value_of(method.peers.draws(similar), points, log=criterion.scale == "log"))
        places[place] = found[similar.site_class]
    return places
