"""What tests of compiled functions share."""

from __future__ import annotations

import threading

import pytest


@pytest.fixture
def alone(monkeypatch):
    """No other thread lives, as far as a compiled function can see: then its second
    capture changes what the states hold. Other tests leave threads behind.
    """
    monkeypatch.setattr(threading, "active_count", lambda: 1)
