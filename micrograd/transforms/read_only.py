"""Arrays that a rule of the user's may read, and not change: a cotangent may be that of
other nodes too, and residuals are read again by the next pull.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.trees import mapped


class ReadOnly:
    """What one call of a rule gets.

    >>> x = np.ones(2)
    >>> given = ReadOnly()
    >>> y = given.of([x])[0]
    >>> y.flags.writeable, given.originals([y])[0] is x
    (False, True)
    """

    def __init__(self) -> None:
        self._views: list[Any] = []
        self._arrays: list[Any] = []

    def of(self, tree: Any) -> Any:
        """The tree with arrays that refuse to be changed in place."""
        return mapped(self._view, tree)

    def originals(self, tree: Any) -> Any:
        """The tree with the arrays themselves in the place of these: the caller may
        change his results.
        """
        known = {id(view): x for view, x in zip(self._views, self._arrays, strict=True)}
        return mapped(lambda x: known.get(id(x), x), tree) if known else tree

    def _view(self, x: Any) -> Any:
        if type(x) is not np.ndarray or not x.flags.writeable:
            return x
        view = x.view()
        view.flags.writeable = False
        self._views.append(view)
        self._arrays.append(x)
        return view
