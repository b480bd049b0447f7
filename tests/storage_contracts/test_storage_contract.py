"""What the app believes of tables and queues, asked of the fakes and of the real service alike."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import UpdateMode

from restore_core.azure.tables.outstanding import OUTSTANDING
from restore_core.azure.tables.restores import RESTORES
from restore_core.contract.queue_names import REQUESTS, STEPS
from tests.storage_contracts.conftest import Storage

AN_HOUR = 3_600
TEXTS = [
    "r1",
    '{"a": "<b>&amp;</b> & \'c\' > d"}',
    "größe 日本 😀 \u202e",
    "a\nb\tc",
    " r1 ",
    "eyJhIjoxfQ==",
    "x" * 40_000,
]


def a_row(key: str = "k", **columns: Any) -> dict[str, Any]:
    return {"PartitionKey": "p", "RowKey": key, "text": "t", **columns}


@pytest.fixture
def table(storage: Storage) -> Any:
    table = storage.tables.get_table_client(OUTSTANDING)
    table.create_table()
    return table


@pytest.fixture
def queue(storage: Storage) -> Any:
    queue = storage.queues.get_queue_client(STEPS)
    queue.create_queue()
    return queue


def replace(table: Any, row: dict[str, Any], etag: str) -> Any:
    return table.update_entity(
        row, UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified
    )


def delete(table: Any, key: str, etag: str) -> None:
    table.delete_entity("p", key, etag=etag, match_condition=MatchConditions.IfNotModified)


def receive(queue: Any, count: int = 16, hidden: int = AN_HOUR) -> list[Any]:
    return list(
        queue.receive_messages(
            max_messages=count, messages_per_page=count, visibility_timeout=hidden
        )
    )


# ----------------------------------------------------------------------------------- tables


def test_a_table_is_created_once(storage: Storage) -> None:
    table = storage.tables.get_table_client(RESTORES)
    table.create_table()

    with pytest.raises(ResourceExistsError):
        table.create_table()


def test_a_row_is_read_back_with_its_etag(table: Any) -> None:
    answer = table.create_entity(a_row(number=7))

    read = table.get_entity("p", "k")

    assert dict(read) == a_row(number=7)
    assert read.metadata["etag"] == answer["etag"]


def test_a_time_comes_back_in_utc_to_the_microsecond(table: Any) -> None:
    east = timezone(timedelta(hours=2))
    written = datetime(2026, 11, 21, 12, 0, 0, 123457, tzinfo=UTC)
    table.create_entity(a_row(utc=written, east=written.astimezone(east)))

    read = table.get_entity("p", "k")

    assert read["utc"] == read["east"] == written
    assert read["utc"].utcoffset() == timedelta()


@pytest.mark.parametrize("text", [*TEXTS[:-1], "", "x" * 32_768, "😀" * 16_384])
def test_a_text_comes_back_to_the_letter(table: Any, text: str) -> None:
    table.create_entity(a_row(text=text))

    assert table.get_entity("p", "k")["text"] == text


@pytest.mark.parametrize("text", ["x" * 32_769, "😀" * 16_384 + "x"])
def test_a_text_that_is_longer_than_a_property_is_not_taken(table: Any, text: str) -> None:
    with pytest.raises(HttpResponseError):
        table.create_entity(a_row(text=text))


def test_a_row_that_is_not_there_is_not_found(table: Any) -> None:
    with pytest.raises(ResourceNotFoundError) as raised:
        table.get_entity("p", "nobody")

    assert getattr(raised.value, "error_code", "") != "TableNotFound"


def test_a_row_is_inserted_once(table: Any) -> None:
    table.create_entity(a_row())

    with pytest.raises(ResourceExistsError):
        table.create_entity(a_row(text="another"))

    assert table.get_entity("p", "k")["text"] == "t"


def test_a_row_is_replaced_whole_by_whoever_has_its_etag(table: Any) -> None:
    first = table.create_entity(a_row(more="x"))["etag"]

    second = replace(table, a_row(text="new"), first)["etag"]

    assert dict(table.get_entity("p", "k")) == a_row(text="new")
    assert table.get_entity("p", "k").metadata["etag"] == second != first


def test_a_row_that_changed_meanwhile_is_not_replaced(table: Any) -> None:
    first = table.create_entity(a_row())["etag"]
    replace(table, a_row(text="new"), first)

    with pytest.raises(ResourceModifiedError):
        replace(table, a_row(text="newer"), first)

    assert table.get_entity("p", "k")["text"] == "new"


def test_a_row_that_was_replaced_by_the_same_has_changed_too(table: Any) -> None:
    first = table.create_entity(a_row())["etag"]
    replace(table, a_row(), first)

    with pytest.raises(ResourceModifiedError):
        replace(table, a_row(), first)


def test_a_row_that_is_gone_is_not_replaced(table: Any) -> None:
    etag = table.create_entity(a_row())["etag"]
    table.delete_entity("p", "k")

    with pytest.raises(ResourceNotFoundError):
        replace(table, a_row(), etag)


def test_a_row_is_written_whether_it_was_there_or_not(table: Any) -> None:
    for text in ("one", "two"):
        table.upsert_entity(a_row(text=text, **{text: 1}), UpdateMode.REPLACE)

    assert dict(table.get_entity("p", "k")) == a_row(text="two", two=1)


def test_a_row_is_deleted_and_deleting_it_again_is_no_error(table: Any) -> None:
    table.create_entity(a_row())

    table.delete_entity("p", "k")
    table.delete_entity("p", "k")

    with pytest.raises(ResourceNotFoundError):
        table.get_entity("p", "k")


def test_a_row_is_deleted_by_whoever_has_its_etag(table: Any) -> None:
    etag = table.create_entity(a_row())["etag"]

    delete(table, "k", etag)

    with pytest.raises(ResourceNotFoundError):
        table.get_entity("p", "k")


def test_a_row_that_changed_meanwhile_is_not_deleted(table: Any) -> None:
    etag = table.create_entity(a_row())["etag"]
    table.upsert_entity(a_row(text="new"), UpdateMode.REPLACE)

    with pytest.raises(ResourceModifiedError):
        delete(table, "k", etag)

    assert table.get_entity("p", "k")["text"] == "new"


def test_a_row_that_is_gone_is_deleted_by_its_etag_without_an_error(table: Any) -> None:
    etag = table.create_entity(a_row())["etag"]
    table.delete_entity("p", "k")

    delete(table, "k", etag)


def test_rows_are_found_by_when_they_are_due_to_the_millisecond(table: Any) -> None:
    """Azurite compares no finer; nothing in the app is due to the microsecond."""
    now = datetime(2026, 11, 21, 12, 0, 0, 500_000, tzinfo=UTC)
    step = timedelta(milliseconds=1)
    for key, due in {"before": now - step, "now": now, "after": now + step}.items():
        table.create_entity(a_row(key, due=due))

    found = list(table.query_entities("due le @now", parameters={"now": now}))

    assert {row["RowKey"] for row in found} == {"before", "now"}
    assert {row.metadata["etag"] for row in found} == {
        table.get_entity("p", key).metadata["etag"] for key in ("before", "now")
    }


@pytest.mark.parametrize("hours", [-9, 9])
def test_a_moment_of_another_zone_finds_the_same_rows(table: Any, hours: int) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    table.create_entity(a_row("now", due=now))
    table.create_entity(a_row("later", due=now + timedelta(hours=1)))
    there = now.astimezone(timezone(timedelta(hours=hours)))

    found = list(table.query_entities("due le @now", parameters={"now": there}))

    assert [row["RowKey"] for row in found] == ["now"]


def test_a_list_of_more_rows_than_a_page_is_read_whole(table: Any) -> None:
    due = datetime(2026, 11, 21, 12, tzinfo=UTC)
    rows = [a_row(f"{number:04}", due=due) for number in range(1_001)]
    for begin in range(0, len(rows), 100):
        _insert(table, rows[begin : begin + 100])

    found = list(table.query_entities("due le @now", parameters={"now": due}))

    assert len(found) == 1_001


def _insert(table: Any, rows: list[dict[str, Any]]) -> None:
    """Write many rows in one transaction."""
    table.submit_transaction([("upsert", row, {"mode": UpdateMode.REPLACE}) for row in rows])


MISSING_TABLE: dict[str, Any] = {
    "create": lambda table: table.create_entity(a_row()),
    "upsert": lambda table: table.upsert_entity(a_row(), UpdateMode.REPLACE),
    "replace": lambda table: replace(table, a_row(), 'W/"x"'),
    "query": lambda table: list(
        table.query_entities("due le @now", parameters={"now": datetime.now(UTC)})
    ),
}


@pytest.mark.parametrize("call", MISSING_TABLE.values(), ids=MISSING_TABLE)
def test_a_table_that_is_missing_is_not_found(storage: Storage, call: Any) -> None:
    with pytest.raises(ResourceNotFoundError):
        call(storage.tables.get_table_client(RESTORES))


def test_reading_tells_a_table_that_is_missing_apart_from_a_row_that_is(storage: Storage) -> None:
    with pytest.raises(ResourceNotFoundError) as raised:
        storage.tables.get_table_client(RESTORES).get_entity("p", "k")

    assert raised.value.error_code == "TableNotFound"


def test_deleting_from_a_table_that_is_missing_is_no_error(storage: Storage) -> None:
    storage.tables.get_table_client(RESTORES).delete_entity("p", "k")


# ----------------------------------------------------------------------------------- queues


def test_a_queue_may_be_created_again(queue: Any) -> None:
    queue.send_message("r1")

    with suppress(ResourceExistsError):  # The service may say so, or say nothing.
        queue.create_queue()

    assert [message.content for message in receive(queue)] == ["r1"]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_message_comes_back_to_the_letter(queue: Any, text: str) -> None:
    queue.send_message(text, visibility_timeout=0)

    (message,) = receive(queue)

    assert message.content == text


def test_a_message_that_is_sent_with_a_delay_is_hidden(queue: Any) -> None:
    queue.send_message("r1", visibility_timeout=AN_HOUR)

    assert receive(queue) == []


@pytest.mark.parametrize("delay", [0, 86_400])
def test_a_message_may_be_delayed_for_as_long_as_the_app_ever_asks(queue: Any, delay: int) -> None:
    queue.send_message("r1", visibility_timeout=delay)


def test_a_message_that_is_received_is_hidden_counted_and_dated(
    storage: Storage, queue: Any
) -> None:
    before = storage.now() - timedelta(seconds=2)
    queue.send_message("r1")

    (message,) = receive(queue)

    assert receive(queue) == []
    assert message.dequeue_count == 1
    assert before <= message.inserted_on <= storage.now() + timedelta(seconds=2)
    assert message.id
    assert message.pop_receipt


def test_no_more_messages_are_received_than_were_asked_for(queue: Any) -> None:
    for number in range(5):
        queue.send_message(f"r{number}")

    assert len(receive(queue, 3)) == 3
    assert len(receive(queue, 3)) == 2


def test_a_message_that_is_peeked_at_stays_visible_to_all(queue: Any) -> None:
    assert queue.peek_messages(max_messages=1) == []
    queue.send_message("r1")
    queue.send_message("r2")

    (peeked,) = queue.peek_messages(max_messages=1)

    assert peeked.content == "r1"
    assert len(receive(queue, 2)) == 2
    assert queue.peek_messages(max_messages=1) == []


def test_a_message_is_deleted_by_whoever_received_it_last(queue: Any) -> None:
    queue.send_message("r1")
    (message,) = receive(queue)

    queue.delete_message(message.id, message.pop_receipt)

    with pytest.raises(ResourceNotFoundError):
        queue.delete_message(message.id, message.pop_receipt)


def test_a_queue_that_is_missing_is_not_found(storage: Storage) -> None:
    queue = storage.queues.get_queue_client(REQUESTS)

    with pytest.raises(ResourceNotFoundError):
        receive(queue)
    with pytest.raises(ResourceNotFoundError):
        queue.send_message("r1")
