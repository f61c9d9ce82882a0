"""What tests of the live page share."""

import pytest


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """All steps of a request are taken, however busy the machine is."""
    monkeypatch.setattr("micrograd.playing.play.MOST_SECONDS", 600.0)
    monkeypatch.setattr("micrograd.playing.curves.MOST_SECONDS", 600.0)
