"""What a page of the site loads, leads to and holds, read from its files."""

from __future__ import annotations

import re
from html.parser import HTMLParser

LOADED = {"img", "script", "iframe", "embed", "source", "video", "audio", "track", "input", "object"}
LINKS_LOADED = {"stylesheet", "icon", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch", "manifest"}
REMOTE = re.compile(r"(?:https?:)?//[\w.-]+\.\w+", re.IGNORECASE)
STYLE = re.compile(r"url\(\s*['\"]?([^'\")]*)|@import\s+['\"]([^'\"]*)", re.IGNORECASE)
SCRIPT = re.compile(
    r"(?:\bimport\b[^;'\"`]*|\bfrom\s*|\bfetch\(\s*|\bimportScripts\(\s*|\bnew\s+(?:Worker|WebSocket|EventSource)\(\s*"
    r"|\.open\(\s*['\"]\w+['\"],\s*|\.src\s*=\s*)['\"`]([^'\"`]*)"
)


def remote(addresses: list[str]) -> list[str]:
    return [address for address in addresses if REMOTE.match(address.strip()) or address.startswith("ws")]


def loaded_by_style(text: str) -> list[str]:
    """Addresses on the network that a style sheet loads."""
    return remote([first or second for first, second in STYLE.findall(text)])


def loaded_by_script(text: str) -> list[str]:
    """The same of a script, as far as the addresses stand in its text."""
    return remote(SCRIPT.findall(text))


class Page(HTMLParser):
    """A page that has been read.

    Attributes:
        loads: addresses on the network that it loads by itself.
        leads: what its links lead to, and its own files that it loads.
        names: the ids in it.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.loads: list[str] = []
        self.leads: list[str] = []
        self.names: set[str] = set()
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._inside = tag if tag in ("style", "script") else ""
        self.names |= {given[name] for name in ("id", "name") if name in given}
        addresses = [given[name] for name in ("src", "data", "poster") if name in given and tag in LOADED]
        addresses += [part.split()[0] for part in given.get("srcset", "").split(",") if part.strip()]
        if tag == "link" and LINKS_LOADED & set(given.get("rel", "").split()):
            addresses.append(given.get("href", ""))
        elif tag in ("image", "use"):
            addresses.append(given.get("href", given.get("xlink:href", "")))
        elif tag == "a" and "href" in given:
            self.leads.append(given["href"])
        self.loads += remote(addresses) + loaded_by_style(given.get("style", ""))
        self.leads += [address for address in addresses if address not in self.loads]
        if "srcdoc" in given:
            self.loads += Page(given["srcdoc"]).loads

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.loads += (loaded_by_style if self._inside == "style" else loaded_by_script)(data)
