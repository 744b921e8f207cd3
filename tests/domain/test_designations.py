"""Kinds of layers, and the data sets that they are published as."""

import pytest
from builders import method

from estates_api.domain.designations import LAYER_KINDS, kind_of_dataset


@pytest.mark.parametrize(
    ("dataset", "level", "kind"),
    [
        ("green-belt", "", "green-belt"), ("listed-building-outline", "", "listed-building"),
        ("flood-risk-zone", "3", "flood-zone-3"), ("flood-risk-zone", "Zone 2", "flood-zone-2"),
        ("flood-risk-zone", "", None), ("flood-risk-zone", "1", None), ("tree", "", None), ("", "", None),
    ],
)  # fmt: skip
def test_an_entry_is_of_the_kind_of_its_data_set(dataset: str, level: str, kind: str | None) -> None:
    """The platform's data sets lead to our kinds, flood zones by their level; what nothing is read from to none."""
    assert kind_of_dataset(dataset, level) == kind


def test_every_limit_has_a_layer() -> None:
    """No limit without a kind of layer that tells of it."""
    assert method().limits.keys() <= LAYER_KINDS.keys()
