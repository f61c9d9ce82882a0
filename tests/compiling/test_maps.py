"""Maps: what is done to a map gives the same elements in another order."""

from __future__ import annotations

import numpy as np
import pytest

from micrograd.compiling.maps import Map

TABLE = np.array([[3, 1, 4, 1, 5, 9], [2, 6, 5, 3, 5, 8]], np.int32)
MAPS = {
    "strides": Map(2, (6, 1)),
    "a table over both axes": Map(0, (0, 0), TABLE, (0, 1)),
    "a table over the axis that is cut": Map(1, (10, 0), TABLE[0], (1,)),
    "a table over the other axis": Map(0, (0, 2), TABLE[0, :2], (0,)),
}


@pytest.mark.parametrize("name", MAPS)
def test_an_axis_cut_in_two(name):
    place = MAPS[name]
    cut = place.split(1, 3)
    assert (cut.indices((2, 2, 3)).reshape(2, 6) == place.indices((2, 6))).all()
    assert cut.table is None or cut.table.ndim == len(cut.axes)
    turned = cut.taken([2, 0, 1])  # needs a table whose axes are those of the domain
    assert (turned.indices((3, 2, 2)) == cut.indices((2, 2, 3)).transpose(2, 0, 1)).all()
