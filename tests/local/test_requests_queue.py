"""The queue of requests as a sender reaches it: with an identity, and what is told where not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from azure.identity import DefaultAzureCredential
from azure.storage.queue import QueueServiceClient

from local.live.requests_queue import QueueError, RequestsQueue
from simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.azurite import Azurite

pytestmark = [pytest.mark.azurite, pytest.mark.timeout(120)]


@pytest.fixture
def endpoint(azurite_with_tokens: Azurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An account that takes tokens alone, where the identity is the environment's."""
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    assert azurite_with_tokens.certificate is not None
    authority = str(azurite_with_tokens.certificate.authority)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority)
    with Simulator().serve() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield azurite_with_tokens.queue_endpoint


def test_a_request_is_put_with_an_identity_or_it_is_told_what_that_needs(endpoint: str) -> None:
    service = QueueServiceClient(endpoint, credential=DefaultAzureCredential())
    queue = RequestsQueue.of_account(endpoint)

    with pytest.raises(QueueError, match="Storage Queue Data Message Sender"):
        queue.put({"requestId": "r1"})
    there = service.get_queue_client("restore-requests")
    there.create_queue()
    try:
        queue.put({"requestId": "r1"})
        (message,) = there.peek_messages()
    finally:
        there.delete_queue()

    assert json.loads(message.content) == {"requestId": "r1"}
