"""Layers of the place that sites stand in: what designates land, and the town centres and stations nearby.

A layer is all that one source says of one kind. What is designated has an area (a listed building may be a point).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Use = Literal["designation", "town-centre", "station"]

CENTRE_CLASSES = ("international", "metropolitan", "major", "district")
"""The classes of the London Plan's town centre network (2016, annex two) that have a setting, the largest first."""


@dataclass(frozen=True, slots=True)
class LayerKind:
    """One kind of layer: its id, its name in the singular, which collection it is in, and the data sets of
    planning.data.gov.uk that it is published as."""

    id: str
    title: str
    use: Use = "designation"
    datasets: tuple[str, ...] = ()


LAYER_KINDS: Mapping[str, LayerKind] = {
    one.id: one
    for one in (
        LayerKind("green-belt", "Green belt", datasets=("green-belt",)),
        LayerKind("metropolitan-open-land", "Metropolitan open land", datasets=("metropolitan-open-land",)),
        LayerKind("flood-zone-2", "Flood zone 2"),
        LayerKind("flood-zone-3", "Flood zone 3"),
        LayerKind("flood-zone-3b", "Flood zone 3b (functional floodplain)"),
        LayerKind("conservation-area", "Conservation area", datasets=("conservation-area",)),
        LayerKind("listed-building", "Listed building", datasets=("listed-building", "listed-building-outline")),
        LayerKind("open-space", "Open space", datasets=("open-space",)),
        LayerKind("housing-zone", "Housing Zone"),
        LayerKind("opportunity-area", "Opportunity Area"),
        LayerKind("town-centre", "Town centre", use="town-centre"),
        LayerKind("station", "Station", use="station"),
    )
}

FLOOD_DATASET = "flood-risk-zone"
"""The data set whose entries say which zone they are (`flood-risk-level`): the Environment Agency's 2 and 3. Zone 3b
is told from 3 by each borough's own flood risk assessment."""

_BY_DATASET = {dataset: kind.id for kind in LAYER_KINDS.values() for dataset in kind.datasets}


def kind_of_dataset(dataset: str, flood_level: str = "") -> str | None:
    """The kind of layer that an entry of planning.data.gov.uk belongs to; None for one that nothing is read from."""
    if dataset == FLOOD_DATASET:
        level = flood_level.strip().casefold().removeprefix("zone").strip()
        return f"flood-zone-{level}" if f"flood-zone-{level}" in LAYER_KINDS else None
    return _BY_DATASET.get(dataset)
