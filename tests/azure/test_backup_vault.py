"""A backup instance and its recovery points, as a vault tells of them."""

from datetime import timedelta
from typing import Any

import pytest

from restore_core.azure.vault_calls import MAX_PAGES
from restore_core.contract.resource_ids import recovery_point_id
from restore_core.errors import Rejected, Unavailable
from simulator import Point, faults
from tests import builders
from tests.azure.answers import RIGHT, altered, answered
from tests.azure.bench import Bench, a_bench
from tests.azure.listener import Listener
from tests.fakes import NOON

# ---------------------------------------------------------------------------- the instance


def test_an_instance_tells_source_region_and_where_its_snapshots_lie(bench: Bench) -> None:
    found = bench.vault.instance(bench.instance)

    assert str(found.source) == bench.simulator.source_disk(bench.id)
    assert found.region == "westeurope"
    assert found.snapshot_group is not None
    assert found.snapshot_group.name == "rg-prod-snapshots"


@pytest.mark.parametrize("spelt", ["resourceID", "resourceId", "RESOURCEID"])
@pytest.mark.parametrize("info", ["dataSourceInfo", "datasourceInfo"])
def test_an_instance_is_read_in_every_spelling_of_its_keys(
    bench: Bench, info: str, spelt: str
) -> None:
    def respell(body: dict[str, Any]) -> None:
        held = body["properties"].pop("dataSourceInfo")
        held[spelt] = held.pop("resourceID")
        body["properties"][info] = held

    bench.next(altered(respell))

    assert bench.vault.instance(bench.instance).source.name == "disk-1"


def test_an_instance_that_does_not_exist_is_refused_in_the_services_words(bench: Bench) -> None:
    bench.simulator.protect("another", subscription=builders.SUBSCRIPTION)
    bench.simulator.remove_instance(bench.id)

    with pytest.raises(Rejected) as raised:
        bench.vault.instance(bench.instance)

    assert raised.value.problem.code == "UserErrorGenericResourceNotFound"


def test_an_instance_that_cannot_be_asked_for_keeps_the_services_own_reason(bench: Bench) -> None:
    bench.next(faults.service_error(400, "BMSUserErrorInvalidInput"))

    with pytest.raises(Rejected) as raised:
        bench.vault.instance(bench.instance)

    assert raised.value.problem.code == "BMSUserErrorInvalidInput"
    assert "role" not in raised.value.problem.action


def test_an_instance_that_may_not_be_read_is_refused_with_the_role_the_app_lacks(
    bench: Bench,
) -> None:
    bench.simulator.deny(RIGHT + "backupInstances/read")

    with pytest.raises(Rejected) as raised:
        bench.vault.instance(bench.instance)

    problem = raised.value.problem
    assert problem.code == "AuthorizationFailed"
    assert f"It lacks {RIGHT}backupInstances/read." in problem.action
    assert f"--role 'Azure Disk Restore' --scope '{bench.instance.vault}'" in problem.action


@pytest.mark.parametrize("kind", ["Microsoft.Storage/storageAccounts/blobServices", None, 7])
def test_an_instance_that_is_no_disk_is_refused(bench: Bench, kind: Any) -> None:
    def rename(body: dict[str, Any]) -> None:
        body["properties"]["dataSourceInfo"] |= {"datasourceType": kind, "resourceType": None}

    bench.next(altered(rename))

    with pytest.raises(Rejected) as raised:
        bench.vault.instance(bench.instance)

    assert raised.value.problem.code == "NotADisk"
    assert "not a disk" in raised.value.problem.message


def test_an_instance_whose_source_is_no_disk_is_refused(bench: Bench) -> None:
    bench.next(altered(lambda b: b["properties"]["dataSourceInfo"].update(resourceID="/x")))

    with pytest.raises(Rejected) as raised:
        bench.vault.instance(bench.instance)

    assert "names no source disk" in raised.value.problem.message


def test_an_instance_without_a_region_cannot_be_understood_yet(bench: Bench) -> None:
    bench.next(altered(lambda b: b["properties"]["dataSourceInfo"].update(resourceLocation="")))

    with pytest.raises(Unavailable) as raised:
        bench.vault.instance(bench.instance)

    assert "region" in raised.value.problem.message


@pytest.mark.parametrize(
    "parameters",
    [None, {}, {"dataStoreParametersList": None}, {"dataStoreParametersList": [None, {}, 7]}],
)
def test_an_instance_need_not_tell_where_its_snapshots_lie(bench: Bench, parameters: Any) -> None:
    bench.next(altered(lambda b: b["properties"]["policyInfo"].update(policyParameters=parameters)))

    assert bench.vault.instance(bench.instance).snapshot_group is None


# ------------------------------------------------------------------------------- points


def test_all_points_are_read_with_what_decides_about_them(bench: Bench) -> None:
    expiry = NOON + timedelta(days=3)
    added = bench.simulator.add_point(
        bench.id, time=NOON, expiry=expiry, state="Creating", visible=False, point_state="Partial"
    )

    points = bench.vault.points(bench.instance)

    newest = next(point for point in points if point.id == added.id)
    assert len(points) == 8
    assert (newest.time, newest.expiry) == (NOON, expiry)
    assert (newest.stores, newest.state) == (("OperationalStore",), "Creating")
    assert (newest.visible, newest.completeness) == (False, "Partial")


def test_a_store_is_known_in_any_casing(bench: Bench) -> None:
    bench.simulator.add_point(bench.id, id="p1", store_type="operationalstore")

    point = bench.vault.point(bench.instance, recovery_point_id("p1"))

    assert point.unfit(NOON) is None


@pytest.mark.parametrize("count", [0, 1, 3, 7])
def test_points_of_every_page_are_read(count: int) -> None:
    with a_bench(page_size=3) as bench:
        points = [Point(time=NOON - timedelta(hours=n)) for n in range(count)]
        bench.simulator.protect("disk-1", subscription=builders.SUBSCRIPTION, points=points)

        found = bench.vault.points(bench.instance)

    assert {point.id for point in found} == {point.id for point in points}
    assert bench.simulator.accusations == []


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"properties": None},
        {"properties": {"recoveryPointTime": "2026-11-21T00:00:00Z"}},
        {"name": "a b", "properties": {"recoveryPointTime": "2026-11-21T00:00:00Z"}},
        {"name": "p1", "properties": {"recoveryPointTime": "soon"}},
        {"name": "p1"},
        "text",
        None,
    ],
)
def test_a_point_of_an_unknown_kind_is_passed_over_and_the_others_are_read(
    bench: Bench, item: Any
) -> None:
    bench.next(altered(lambda body: body["value"].append(item)))

    assert len(bench.vault.points(bench.instance)) == 7


@pytest.mark.parametrize("odd", [None, 7, "x", {}, [None], [7], [{"type": 7, "state": None}]])
def test_a_point_with_stores_of_any_odd_form_is_in_no_operational_store(
    bench: Bench, odd: Any
) -> None:
    bench.next(
        altered(lambda body: body["value"][0]["properties"].update(_stores(odd), expiryTime=odd))
    )

    first = bench.vault.points(bench.instance)[0]

    assert first.unfit(NOON) is not None


def _stores(odd: Any) -> dict[str, Any]:
    return {"recoveryPointDataStoresDetails": odd}


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": {}}, {"value": "x"}])
def test_a_list_that_is_none_is_not_taken_for_an_empty_one(bench: Bench, body: Any) -> None:
    bench.next(answered(body))

    with pytest.raises(Unavailable) as raised:
        bench.vault.points(bench.instance)

    assert raised.value.problem.code == "OddAnswer"


def test_a_list_whose_next_page_fails_is_not_passed_off_as_whole() -> None:
    with a_bench(page_size=3) as bench:
        bench.next(faults.with_headers({}))  # The first page is as it is.
        bench.next(faults.status(503))

        with pytest.raises(Unavailable):
            bench.vault.points(bench.instance)


def test_a_list_that_leads_elsewhere_is_not_followed(bench: Bench, elsewhere: Listener) -> None:
    bench.next(altered(lambda body: body.update(nextLink=f"{elsewhere.url}/next?s=x")))

    with pytest.raises(Unavailable) as raised:
        bench.vault.points(bench.instance)

    assert raised.value.problem.code == "ForeignUrl"
    assert elsewhere.heard == []


def test_a_list_that_leads_back_to_itself_ends() -> None:
    with a_bench(page_size=3) as bench:
        links: list[str] = []

        def back(body: dict[str, Any]) -> None:
            links.append(body["nextLink"])
            body["nextLink"] = links[0]

        bench.next(altered(back), times=3)

        with pytest.raises(Unavailable) as raised:
            bench.vault.points(bench.instance)

    assert raised.value.problem.code == "EndlessList"
    assert len(bench.simulator.calls) == 2


def test_a_list_that_always_has_another_page_ends(bench: Bench) -> None:
    base = f"{bench.server.url}{bench.id}/recoveryPoints?api-version=2025-07-01&page="
    pages = iter(range(10_000))
    bench.next(altered(lambda body: body.update(nextLink=base + str(next(pages)))), times=None)

    with pytest.raises(Unavailable) as raised:
        bench.vault.points(bench.instance)

    assert raised.value.problem.code == "EndlessList"
    assert len(bench.simulator.calls) == MAX_PAGES + 1


@pytest.mark.parametrize("link", [None, "", 7, [], {}])
def test_a_next_link_that_is_none_ends_the_list(bench: Bench, link: Any) -> None:
    bench.next(altered(lambda body: body.update(nextLink=link)))

    assert len(bench.vault.points(bench.instance)) == 7


def test_a_named_point_is_read(bench: Bench) -> None:
    newest = bench.simulator.points(bench.id)[0]

    assert bench.vault.point(bench.instance, recovery_point_id(newest.id)).time == newest.time


def test_a_named_point_that_does_not_exist_is_refused(bench: Bench) -> None:
    with pytest.raises(Rejected) as raised:
        bench.vault.point(bench.instance, recovery_point_id("nobody"))

    assert raised.value.status == 404


def test_a_named_point_that_cannot_be_understood_is_asked_for_again(bench: Bench) -> None:
    newest = bench.simulator.points(bench.id)[0]
    bench.next(answered({"properties": {}}))

    with pytest.raises(Unavailable) as raised:
        bench.vault.point(bench.instance, recovery_point_id(newest.id))

    assert raised.value.problem.code == "OddAnswer"
