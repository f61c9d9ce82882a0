"""What a drawn graph says, read from its DOT text: no Graphviz is needed for that."""

from __future__ import annotations

import re
from collections import Counter


def boxes(drawing) -> list[str]:
    """The texts in the boxes, sorted: "a | data 2.0000 | grad 6.0000"."""
    return sorted(" ".join(text.split()) for text in re.findall(r'label="\{(.*)\}" shape=record', drawing.source))


def ellipses(drawing) -> Counter[str]:
    """How often each op is drawn."""
    return Counter(re.findall(r'op\d+ \[label="(.*)"\]', drawing.source))
