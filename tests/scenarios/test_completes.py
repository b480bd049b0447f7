"""A restore that goes well, from the message to the row."""

from tests.world import World


def test_a_message_brings_a_disk_back_and_a_row_tells_of_it(world: World) -> None:
    instance = world.protect("disk-1")

    row = world.restore(instance)

    assert row["status"] == "Completed"
    assert world.simulator.restores_of("disk-1-restored") == 1
