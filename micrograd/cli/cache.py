"""`micrograd cache`: the objects that `micrograd.compile` keeps."""

from __future__ import annotations

import argparse

from micrograd.cli.wording import aligned
from micrograd.compiling import cache


def run(options: argparse.Namespace) -> None:
    """Print where the objects are and how many, or remove them."""
    place = cache.folder()
    if not place:
        print(f"Nothing is kept: this user has no home. {cache.VARIABLE} in the environment names a folder.")
        return
    objects, size = cache.clear() if options.clear else cache.size()
    what = "removed" if options.clear else "kept"
    rows = [["folder", place], [f"objects {what}", f"{objects:,}"], [f"bytes {what}", f"{size:,}"]]
    print("\n".join(aligned(rows, left=2)))
    if reason := cache.refusal(place):
        print(f"The folder is not used: it {reason}.")
