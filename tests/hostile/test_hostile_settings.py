"""Whatever the environment holds: settings, or one error that names them. Nothing else escapes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restore_core.azure import clients
from restore_core.azure.arm_guard import ArmGuard
from restore_core.errors import SettingsError
from restore_core.lifecycle.outbox import Stage
from restore_core.settings import MOST_ACTIVE, Settings
from tests import builders
from tests.hostile import nasty
from tests.hostile.counted import count, examples

SECRET = "c2VjcmV0LWtleS1vZi10aGUtc3RvcmFnZS1hY2NvdW50"
GOOD = {
    "RestoreStorage": f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={SECRET}",
    "RestoreStorage__queueServiceUri": "https://a.queue.core.windows.net",
    "RestoreStorage__tableServiceUri": "https://a.table.core.windows.net",
    "RestoreStorage__credential": "managedidentity",
    "RestoreStorage__clientId": "66666666-7777-4888-9999-aaaaaaaaaaaa",
    "ARM_ENDPOINT": "https://management.azure.com",
    "AZURE_CLIENT_ID": "66666666-7777-4888-9999-aaaaaaaaaaaa",
    "RESTORE_ALLOW": builders.ALLOW,
    "RESTORE_API_VERSION": "2025-07-01",
    "RESTORE_MAX_AGE_HOURS": "48",
    "RESTORE_JOB_LIST_LAG_SECONDS": "600",
    "RESTORE_COOLDOWN_MINUTES": "60",
    "RESTORE_MAX_ACTIVE": "200",
    "RESTORE_MAX_SET": "500",
    "RESTORE_ARM_READS": "250+25",
    "RESTORE_ARM_WRITES": "200+10",
    "RESTORE_DEFAULT_VAULT": builders.INSTANCE.partition("/backupInstances/")[0],
    "RESTORE_DELETED_DISKS": "false",
    "RESTORE_RESOURCE_GRAPH": "true",
    "RESTORE_EVENTS": "final",
}
endpoints = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["https://", "http://", "HTTPS://", "ftp://", "//", ""]),
    st.sampled_from(nasty.HOSTS),
    st.sampled_from(["", ":443", ":0", ":99999", ":x"]),
    st.sampled_from(["", "/", "/path", "?x=1", "#x", "/%2f..", "\\x"]),
)
rules = st.lists(
    st.one_of(
        nasty.nasty_text,
        st.just("*"),
        nasty.spoiled_ids(builders.TARGET_GROUP),
        nasty.spoiled_ids(builders.INSTANCE),
        st.sampled_from(["=>", ";", "\n", " => "]),
    ),
    max_size=5,
).map("".join)
numbers = st.one_of(
    st.sampled_from(["nan", "inf", "-1", "0", "1e-320", "1e308", "1_0", "\u0663", "0x10", "48h"]),
    st.floats().map(str),
)
buckets = st.builds("{}+{}".format, numbers, numbers)
accounts = st.builds("AccountName={};AccountKey={}".format, nasty.nasty_text, nasty.nasty_text)
environments = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.one_of(st.just(value), nasty.nasty_text) for name, value in GOOD.items()},
        "ARM_ENDPOINT": st.one_of(st.just(GOOD["ARM_ENDPOINT"]), endpoints, nasty.nasty_text),
        "RESTORE_ALLOW": st.one_of(st.just(builders.ALLOW), rules),
        "RESTORE_MAX_AGE_HOURS": st.one_of(st.just("48"), numbers, nasty.nasty_text),
        "RESTORE_JOB_LIST_LAG_SECONDS": st.one_of(st.just("600"), numbers, nasty.nasty_text),
        "RESTORE_COOLDOWN_MINUTES": st.one_of(st.just("60"), numbers, nasty.nasty_text),
        "RESTORE_MAX_ACTIVE": st.one_of(st.just("200"), numbers, nasty.nasty_text),
        "RESTORE_ARM_READS": st.one_of(st.just("250+25"), buckets, nasty.nasty_text),
    },
)


@examples(400)
@given(environment=environments, changed=st.dictionaries(nasty.nasty_text, nasty.nasty_text))
def test_settings_are_read_or_refused_in_one_line_that_holds_no_secret(
    environment: dict[str, str], changed: dict[str, str]
) -> None:
    count("environments")
    try:
        settings = Settings.read({**changed, **environment})
    except SettingsError as error:
        told = str(error)
        assert len(told.splitlines()) == 1
        assert SECRET not in told
        assert any(name in told for name in GOOD)
        return

    rules = settings.rules
    assert rules.max_age.total_seconds() >= 0
    assert rules.job_list_lag.total_seconds() >= 0
    assert rules.cooldown.total_seconds() >= 0
    assert 1 <= rules.max_active <= MOST_ACTIVE
    assert set(rules.notices) <= set(Stage)
    assert ArmGuard(settings.arm_endpoint).allows(f"{settings.arm_endpoint}/subscriptions/x?y=z")
    assert re.fullmatch(r"https://[^/?#@\\]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?",
                        settings.arm_endpoint)  # fmt: skip


@examples(100)
@given(storage=st.one_of(nasty.nasty_text, accounts))
def test_a_wrong_connection_is_named_when_the_first_client_is_made(storage: str) -> None:
    count("connections")
    try:
        settings = Settings.read({**GOOD, "RestoreStorage": storage})
        clients.tables(settings.storage)
        clients.queues(settings.storage)
    except SettingsError as error:
        told = str(error)
        assert "RestoreStorage" in told


@pytest.mark.parametrize("host", nasty.HOSTS)
def test_an_endpoint_that_is_not_a_plain_host_is_refused_or_is_its_own_home(host: str) -> None:
    endpoint = f"https://{host}"
    try:
        settings = Settings.read({**GOOD, "ARM_ENDPOINT": endpoint})
    except SettingsError as error:
        told = str(error)
        assert "ARM_ENDPOINT" in told
        return

    assert ArmGuard(settings.arm_endpoint).allows(f"{settings.arm_endpoint}/x")


@pytest.mark.parametrize(
    "version", ["2025-07-01&x=y", "2025-07-01#", "latest", "2025 07 01", "..", "2025-07-01\r\nX: y"]
)
def test_an_api_version_that_is_no_date_is_refused(version: str) -> None:
    with pytest.raises(SettingsError, match="RESTORE_API_VERSION"):
        Settings.read({**GOOD, "RESTORE_API_VERSION": version})
