"""`make chaos` in short: real processes, real kills, a clock that goes thirty times as fast."""

from pathlib import Path

import pytest

from local.azurite import Azurite
from local.chaos.plan import Plan
from local.chaos.run import Chaos

SHORT = Plan(
    restores=6,
    kills=5,
    outages=1,
    aged=300,
    purges=4,
    speed=30,
    longest_wait=1.5,
    patience=200,
    seed=20_261_121,
)

pytestmark = [pytest.mark.long, pytest.mark.azurite, pytest.mark.timeout(300)]


def test_restores_survive_kills_and_outages_of_every_part_each_done_once(
    azurite: Azurite,  # noqa: ARG001  it can be started here
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    said: list[str] = []
    chaos = Chaos(SHORT, tmp_path, said.append)

    wrong = chaos.run()

    with capsys.disabled():
        print(f"\nShort chaos: {dict(chaos.did)}, under way at kills: {chaos.under_way}")
    assert wrong == [], said
    assert chaos.did["host killed"] == SHORT.kills
    assert chaos.did["purge killed"] > 1
    assert chaos.did["jobs"] <= SHORT.restores
    assert max(chaos.under_way) > 0
