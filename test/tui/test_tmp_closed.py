import sys, pytest, os, signal
from tui import prepared
from tui.screen import Screen
from tui.test_leaving import close_terminal
from tui.world import World, ATK
from tui.conftest import world  # noqa


@pytest.mark.parametrize("n", range(40))
def test_closed(world, n, tmp_path):
    prepared.save(world, "select")
    with Screen([str(ATK / "map-import"), "--resume"]) as screen:
        screen.wait("App Space: payment-team")
        code = close_terminal(screen)
        assert code == 129
