"""Where the bearer token may go."""

import pytest

from restore_core.azure.arm_guard import ArmGuard

HOME = "https://management.azure.com"


@pytest.mark.parametrize(
    "url",
    [
        HOME,
        f"{HOME}/subscriptions/x?api-version=2025-07-01&t=1&c=a_b-c&s=d&h=e",
        f"{HOME}/operationStatus/ODkw==?api-version=1",
        f"{HOME}:443/x",
        "https://eastus2euap.management.azure.com/x",
        "https://a.b.management.azure.com/x",
        "HTTPS://MANAGEMENT.AZURE.COM/x",
        f"{HOME}/x?q='a'!$&'()*+,;=%20",
        f"{HOME}/{'x' * 16_000}",
    ],
)
def test_the_token_may_go_to_the_endpoints_host_and_its_subdomains(url: str) -> None:
    assert ArmGuard(HOME).allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/subscriptions/x",
        "//management.azure.com/x",
        "management.azure.com/x",
        "https://",
        "https:///x",
        "https:management.azure.com/x",
        "http://management.azure.com/x",
        "ftp://management.azure.com/x",
        "javascript:alert(1)",
        "https://evil.example/x",
        "https://evil.example/management.azure.com",
        "https://evil.example?.management.azure.com",
        "https://evil.example#.management.azure.com",
        "https://management.azure.com.evil.example/x",
        "https://evilmanagement.azure.com/x",
        "https://azure.com/x",
        "https://com/x",
        "https://.management.azure.com.evil.example/x",
        "https://management.azure.com./x",
        "https://management.azure.com@evil.example/x",
        "https://management.azure.com:443@evil.example/x",
        "https://user@management.azure.com/x",
        "https://user:secret@management.azure.com/x",
        "https://@management.azure.com/x",
        "https://evil.example@management.azure.com/x",
        "https://evil.example:x@management.azure.com/x",
        "https://management.azure.com:444/x",
        "https://management.azure.com:80/x",
        "https://management.azure.com:99999/x",
        "https://management.azure.com:abc/x",
        "https://management.azure.com:-443/x",
        "https://evil.example\\@management.azure.com/x",
        "https://evil.example\\.management.azure.com/x",
        "https:\\\\management.azure.com\\x",
        "https://management.azure.com\\@evil.example/x",
        "https://management.azure.com%2eevil.example/x",
        "https://.management.azure.com/x",
        "https://a..management.azure.com/x",
        f"https://{'x' * 64}.management.azure.com/x",
        "https://evil.example%2f.management.azure.com/x",
        "https://evil.example%23.management.azure.com/x",
        "https://management.azure.com\t.evil.example/x",
        "https://management.azure.com/x\r\nX-Evil: 1",
        "https://management.azure.com/a b",
        "https://management.azure.com/ä",
        "https://management.azure.com/\x00",
        "https://management\uff0eazure.com/x",
        "https://m\u0430nagement.azure.com/x",
        "https://evil.example\uff0f.management.azure.com/x",
        "https://[::1]/x",
        "https://[::1/x",
        "https://[management.azure.com]/x",
        "https://127.0.0.1/x",
        f"{HOME}/{'x' * 16_384}",
    ],
)
def test_the_token_goes_nowhere_else(url: str) -> None:
    assert not ArmGuard(HOME).allows(url)


@pytest.mark.parametrize("path", ["", "/", "/../..", "/%2e%2e/", "/x//y"])
def test_the_path_of_a_url_is_not_judged(path: str) -> None:
    assert ArmGuard(HOME).allows(HOME + path)


@pytest.mark.parametrize(
    "home", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"]
)
def test_plain_http_will_do_on_this_machine(home: str) -> None:
    assert ArmGuard(home).allows(f"{home}/x")
    assert not ArmGuard(home).allows(f"{home.replace('8080', '8081')}/x")
    assert not ArmGuard(home).allows(f"{home.replace('http', 'https')}/x")
    assert not ArmGuard(home).allows("http://evil.example:8080/x")


@pytest.mark.parametrize("host", ["evil.localhost", "evil.127.0.0.1", "localhost.evil.example"])
def test_plain_http_will_do_nowhere_else_whatever_the_name_says(host: str) -> None:
    """A name below localhost is not this machine's: a resolver may say anything."""
    assert not ArmGuard("http://localhost:8080").allows(f"http://{host}:8080/x")
    assert not ArmGuard("http://127.0.0.1:8080").allows(f"http://{host}:8080/x")


@pytest.mark.parametrize("home", ["http://management.azure.com", "http://10.0.0.1:80"])
def test_an_endpoint_on_plain_http_elsewhere_gets_no_token_at_all(home: str) -> None:
    assert not ArmGuard(home).allows(f"{home}/x")


@pytest.mark.parametrize(
    "home", ["https://management.chinacloudapi.cn", "https://management.usgovcloudapi.net"]
)
def test_a_sovereign_cloud_is_its_own_home(home: str) -> None:
    guard = ArmGuard(home)

    assert guard.allows(f"{home}/x")
    assert guard.allows(f"{home.replace('//', '//region.')}/x")
    assert not guard.allows(f"{HOME}/x")


def test_an_endpoint_with_a_port_of_its_own_is_kept_to_that_port() -> None:
    guard = ArmGuard("https://arm.internal.example:8443")

    assert guard.allows("https://arm.internal.example:8443/x")
    assert not guard.allows("https://arm.internal.example/x")
