"""A node that hangs while somebody takes its name: nothing of it is obeyed."""

import signal
import subprocess
import sys

import pytest

from tests.whole.outside import ROOT

pytestmark = pytest.mark.slow


def taken_over(outside):
    """Somebody logs on under the node's name with a higher epoch, and cancels."""
    trades = [word for v in outside.world.venues for word in ("--gateway", f"ipc://{outside.world.node_dir}/{v.name}.trade")]
    command = [sys.executable, "-m", "tools", "kill", *trades, "--node", "whole", "-y"]
    with (outside.world.folder / "kill.log").open("wb") as log:
        kill = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    outside.until(lambda: kill.poll() is not None, "the kill past the node has ended", 15)
    assert kill.returncode == 0, (outside.world.folder / "kill.log").read_text()


def test_hung_node_that_wakes_under_an_old_epoch_is_refused_and_says_so(outside, foreign):
    outside.start()
    a, b = outside.world.venues
    b.script.append(foreign.hold_new)
    outside.fire()
    outside.until(lambda: b.working and a.net, "a hedge in flight")
    outside.process.send_signal(signal.SIGSTOP)
    taken_over(outside)
    assert not b.working
    sent = outside.sent()
    outside.process.send_signal(signal.SIGCONT)
    outside.until(lambda: "LOGON" in outside.told(), "a person is told")
    a.quote(1_051, 1_053)
    outside.laps(800)
    assert outside.sent() == sent  # it may not even try: it is not logged on
    facts = [record for record in outside.venue_facts() if record[0] == "NotAuthorised"]
    assert facts
    outside.kill()
    a.quote(1_047, 1_049)
    outside.start()  # its successor's epoch is higher still
    outside.laps(100)
    outside.ends()
    outside.stop()
    outside.check()


def test_order_that_a_zombie_had_in_the_socket_is_denied(outside, foreign):
    """Sent before it knew: the gateway refuses it by its epoch, the pair goes on."""
    outside.start()
    b = outside.world.b

    def outlived(venue, order):
        """A younger copy logged on in the moment before."""
        venue.sent_ids.discard(order.ref)
        foreign.deny(6)(venue, order)

    b.script.append(outlived)
    outside.fire()
    outside.ends()
    outside.stop()
    pair = outside.check()
    assert any(order.reject_code == "GATEWAY_6" or order.status == "DENIED" for leg in pair.past[0].legs for order in leg.orders)
