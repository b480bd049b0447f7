"""Azure Resource Graph as the simulator plays it, against what was recorded of it."""

from datetime import timedelta
from typing import Any

import pytest
import requests

from simulator import Server, Simulator
from simulator.habits import GraphMood
from tests.platform.simulator_client import (
    HTTP_TIMEOUT,
    JOB,
    Client,
    ManualClock,
    target_id,
)

SUBSCRIPTION = "10000000-2000-4000-8000-300000000000"
JOBS = (
    "RecoveryServicesResources | where type =~ 'microsoft.dataprotection/backupvaults/backupjobs'"
)
INSTANCES = JOBS.replace("backupjobs", "backupinstances")


def asked(client: Client, query: str, **options: Any) -> requests.Response:
    body: dict[str, Any] = {"query": query}
    if options:
        body["options"] = options
    return raw(client, body)


def raw(client: Client, body: Any, *, version: str = "2021-03-01") -> requests.Response:
    return client.session.post(
        f"{client.server.url}/providers/Microsoft.ResourceGraph/resources",
        params={"api-version": version},
        json=body,
        timeout=HTTP_TIMEOUT,
    )


def names(answer: requests.Response) -> list[str]:
    return [row["name"] for row in answer.json()["data"]]


def test_a_job_is_a_row_with_what_its_list_leaves_out(client: Client, clock: ManualClock) -> None:
    client.restore()
    clock.advance(JOB)

    answer = asked(client, JOBS)

    body = answer.json()
    (row,) = body.pop("data")
    assert body == {"totalRecords": 1, "count": 1, "facets": [], "resultTruncated": "false"}
    assert row["type"] == "microsoft.dataprotection/backupvaults/backupjobs"
    assert row["id"] == f"{client.vault}/backupJobs/{row['name']}"
    own = client.get(row["id"]).json()["properties"]
    assert row["properties"] == {**own, "duration": row["properties"]["duration"]}
    assert row["properties"]["extendedInfo"]["recoveryDestination"] == target_id("disk-1-restored")
    assert row["properties"]["duration"].startswith("00:04:")
    assert client.jobs()["value"][0]["properties"]["extendedInfo"] is None


def test_a_backup_instance_is_a_row_with_its_disk(client: Client) -> None:
    disk = client.get(client.instance).json()["properties"]["dataSourceInfo"]["resourceID"]

    query = f"{INSTANCES} and tostring(properties.dataSourceInfo.resourceID) =~ '{disk.upper()}'"
    (row,) = asked(client, query).json()["data"]

    assert row["id"] == client.instance
    assert row["type"] == "microsoft.dataprotection/backupvaults/backupinstances"
    assert row["subscriptionId"] == SUBSCRIPTION
    assert row["properties"]["currentProtectionState"] == "ProtectionConfigured"


def test_a_query_filters_orders_cuts_and_projects(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    for number in range(3):
        clock.advance(timedelta(hours=1))
        simulator.start_restore(client.instance, target_id(f"t{number}"))
    begun = clock() - timedelta(minutes=90)
    destination = "tostring(properties.extendedInfo.recoveryDestination)"

    query = (
        f"{JOBS} | where todatetime(properties.startTime) >= datetime({begun.isoformat()}) "
        f"| extend ours = {destination} =~ '{target_id('t2')}' or id startswith '/nowhere' "
        "| order by ours desc | take 2 | project id, ours"
    )
    rows = asked(client, query).json()["data"]

    assert [row["ours"] for row in rows] == [True, False]
    assert [set(row) for row in rows] == [{"id", "ours"}] * 2


def test_more_rows_than_the_top_come_in_pages(simulator: Simulator, client: Client) -> None:
    simulator.add_history(client.instance, 5)

    first = asked(client, JOBS, **{"$top": 2})
    second = asked(client, JOBS, **{"$top": 2, "$skipToken": first.json()["$skipToken"]})
    last = asked(client, JOBS, **{"$top": 2, "$skip": 4, "$skipToken": first.json()["$skipToken"]})

    assert "$skipToken" not in last.json()
    assert len({*names(first), *names(second), *names(last)}) == 5
    assert [answer.json()["count"] for answer in (first, second, last)] == [2, 2, 1]
    assert [answer.json()["totalRecords"] for answer in (first, second, last)] == [5, 5, 5]
    # What can be asked for is not truncated: so it is documented.
    assert {answer.json()["resultTruncated"] for answer in (first, second, last)} == {"false"}


@pytest.mark.parametrize("ending", ["take 4", "limit 4", "project name, properties"])
def test_a_query_that_takes_rows_itself_or_shows_no_id_has_no_pages(
    simulator: Simulator, client: Client, ending: str
) -> None:
    simulator.add_history(client.instance, 5)

    answer = asked(client, f"{JOBS} | {ending}", **{"$top": 2}).json()

    assert answer["resultTruncated"] == "true"
    assert "$skipToken" not in answer
    assert answer["count"] == 2 < answer["totalRecords"]


def test_a_token_is_good_for_its_query_alone(simulator: Simulator, client: Client) -> None:
    simulator.add_history(client.instance, 5)
    token = asked(client, JOBS, **{"$top": 2}).json()["$skipToken"]

    assert asked(client, f"{JOBS} | order by id asc", **{"$skipToken": token}).status_code == 400


def test_its_rows_are_as_far_behind_as_it_is_told(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    clock.advance(timedelta(hours=1))
    simulator.habits.graph_lag = timedelta(seconds=230)
    client.restore()

    clock.advance(timedelta(seconds=229))
    assert names(asked(client, JOBS)) == []
    clock.advance(timedelta(seconds=2))
    assert [row["properties"]["status"] for row in asked(client, JOBS).json()["data"]] == [
        "InProgress"
    ]
    clock.advance(timedelta(seconds=20))
    assert client.jobs()["value"][0]["properties"]["status"] == "Completed"
    assert asked(client, JOBS).json()["data"][0]["properties"]["status"] == "InProgress"
    clock.advance(timedelta(seconds=230))
    assert asked(client, JOBS).json()["data"][0]["properties"]["status"] == "Completed"


def test_an_instance_comes_and_goes_late_in_it(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    simulator.habits.graph_lag = timedelta(minutes=1)
    assert names(asked(client, INSTANCES)) == []

    clock.advance(timedelta(minutes=1))
    simulator.remove_instance(client.instance)
    assert len(names(asked(client, INSTANCES))) == 1

    clock.advance(timedelta(minutes=1))
    assert names(asked(client, INSTANCES)) == []


def test_a_caller_without_rights_is_shown_nothing_and_told_nothing(
    simulator: Simulator, client: Client
) -> None:
    client.restore()
    simulator.protect("disk-2", vault="vault-2")
    simulator.deny("Microsoft.DataProtection/backupVaults/backupJobs/read")
    simulator.deny("Microsoft.DataProtection/backupVaults/backupInstances/read", client.vault)

    jobs, instances = asked(client, JOBS), asked(client, INSTANCES)

    assert (jobs.status_code, names(jobs)) == (200, [])
    assert [name.partition("-disk-2")[0] for name in names(instances)] == ["disk-2"]


@pytest.mark.parametrize(("mood", "status"), [("empty", 200), ("forbidden", 403)])
def test_it_can_be_empty_or_forbidden(
    simulator: Simulator, client: Client, mood: GraphMood, status: int
) -> None:
    simulator.habits.graph = mood

    answer = asked(client, INSTANCES)

    assert answer.status_code == status
    assert answer.json().get("data", []) == []


def test_only_the_subscriptions_that_are_named_are_looked_at(client: Client) -> None:
    there = raw(client, {"query": INSTANCES, "subscriptions": [SUBSCRIPTION.upper()]})
    elsewhere = raw(client, {"query": INSTANCES, "subscriptions": ["x"]})

    assert (len(names(there)), names(elsewhere)) == (1, [])


def test_a_management_group_is_the_subscriptions_that_it_holds(
    simulator: Simulator, client: Client
) -> None:
    simulator.protect("disk-2", subscription="another")
    simulator.add_management_group("mine", [SUBSCRIPTION])
    simulator.add_management_group("both", [SUBSCRIPTION, "another"])

    def found(group: str) -> requests.Response:
        return raw(client, {"query": INSTANCES, "managementGroups": [group]})

    assert [len(names(found(group))) for group in ("Mine", "both")] == [1, 2]
    unknown = found("unknown")
    assert unknown.status_code == 400
    assert unknown.json()["error"]["details"][0]["code"] == "NoValidSubscriptionsInQueryRequest"


def test_fifteen_queries_in_five_seconds_are_answered(client: Client, clock: ManualClock) -> None:
    answers = [asked(client, INSTANCES) for _ in range(16)]

    left = [int(answer.headers["x-ms-user-quota-remaining"]) for answer in answers]
    assert left == [*range(14, -1, -1), 0]
    assert [answer.status_code for answer in answers] == [200] * 15 + [429]
    assert answers[-1].json()["error"]["code"] == "RateLimiting"
    assert answers[-1].headers["x-ms-user-quota-resets-after"] == "00:00:05"
    assert "Retry-After" not in answers[-1].headers
    clock.advance(timedelta(seconds=5))
    assert asked(client, INSTANCES).status_code == 200


BAD_QUERIES = [
    "",
    "AdvisorResources",
    "RecoveryServicesResources |",
    "RecoveryServicesResources | drop id",
    "RecoveryServicesResources | where id",
    "RecoveryServicesResources | where id =~",
    "RecoveryServicesResources | where id =~ name",
    "RecoveryServicesResources | where id matches 'x'",
    "RecoveryServicesResources | where id =~ 'it''s'",
    r"RecoveryServicesResources | where id =~ 'a\'",
    'RecoveryServicesResources | where id =~ "x"',
    "RecoveryServicesResources | where (id =~ 'x'",
    "RecoveryServicesResources | where id in~ ('x'",
    "RecoveryServicesResources | where todatetime(id) >= datetime(soon)",
    "RecoveryServicesResources | where toint(id) == 'x'",
    "RecoveryServicesResources | where managedby =~ 'x'",
    "RecoveryServicesResources | project id | where name =~ 'x'",
    "RecoveryServicesResources | where tolower(id)",
    "RecoveryServicesResources | extend x = id, | where x =~ 'x'",
    "RecoveryServicesResources | order by id",
    "RecoveryServicesResources | order id desc",
    "RecoveryServicesResources | order by id down",
    "RecoveryServicesResources | take x",
    "RecoveryServicesResources ; drop",
]


@pytest.mark.parametrize("query", BAD_QUERIES)
def test_a_query_of_any_other_form_is_refused(
    simulator: Simulator, client: Client, query: str
) -> None:
    answer = asked(client, query)

    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["code"] == "InvalidQuery"
    assert "a bad query" in simulator.accusations[0]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"query": JOBS, "top": 1},
        {"query": JOBS, "options": {"$top": 0}},
        {"query": JOBS, "options": {"$top": 1001}},
        {"query": JOBS, "options": {"top": 1}},
        {"query": JOBS, "options": {"resultFormat": "table"}},
        {"query": JOBS, "options": {"$skipToken": "x"}},
        {"query": JOBS, "options": {"$skipToken": "e30="}},
        {"query": JOBS, "subscriptions": "x"},
        {"query": JOBS, "subscriptions": ["x"], "managementGroups": ["y"]},
    ],
)
def test_a_body_of_any_other_form_is_refused(client: Client, body: Any) -> None:
    assert raw(client, body).status_code == 400


def test_it_has_api_versions_of_its_own(simulator: Simulator, client: Client) -> None:
    assert raw(client, {"query": JOBS}, version="2025-07-01").status_code == 400
    assert "without a known api-version" in simulator.accusations[0]


def test_it_wants_a_token_and_a_post(server: Server, client: Client) -> None:
    url = f"{server.url}/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"

    assert requests.post(url, json={"query": JOBS}, timeout=HTTP_TIMEOUT).status_code == 401
    assert client.get(url).status_code == 405


def test_another_process_can_say_how_the_graph_is(
    simulator: Simulator, server: Server, client: Client
) -> None:
    def command(**words: Any) -> int:
        url = f"{server.url}/simulator/graph"
        return requests.post(url, json=words, timeout=HTTP_TIMEOUT).status_code

    assert command(mood="forbidden") == 200
    assert asked(client, JOBS).status_code == 403
    assert command(mood="open", lag=230) == 200
    assert simulator.habits.graph_lag == timedelta(seconds=230)
    assert command(mood="odd") == 400
    report = requests.get(f"{server.url}/simulator/report", timeout=HTTP_TIMEOUT).json()
    assert report["calls"] == {"POST resources": 1}


def test_a_vault_of_fifty_thousand_jobs_is_read_and_asked_in_a_moment(
    simulator: Simulator, client: Client
) -> None:
    simulator.add_history(client.instance, 50_000)
    simulator.habits.page_size = 98
    marked = simulator.start_restore(client.instance, target_id("new"), activity_id="claim-1")

    link, items = f"{client.vault}/backupJobs", []
    for _ in range(20):
        page = client.get(link).json()
        items += page["value"]
        link = page["nextLink"]
    found = asked(client, f"{JOBS} and tostring(properties.activityID) startswith 'claim-1'")

    assert len(items) == 20 * 98
    assert items[0]["properties"]["operationCategory"] == "Backup"
    assert names(found) == [marked.name]
