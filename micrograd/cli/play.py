"""`micrograd play`: the live page in the browser."""

from __future__ import annotations

import argparse
import webbrowser

from micrograd.playing.server import Server


def run(options: argparse.Namespace) -> None:
    """Serve the page until Ctrl-C."""
    server = Server(options.port)
    try:
        print(f"The page is at {server.address}\nCtrl-C ends it.", flush=True)
        if options.open and not webbrowser.open(server.address):
            print("No browser was found: open the address yourself.", flush=True)
        server.serve()
    except KeyboardInterrupt:
        print("\nEnded.")
    finally:
        server.close()
