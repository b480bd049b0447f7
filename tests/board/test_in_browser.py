"""What an operator sees and does on the board, in a real browser. `make test-board`."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import HttpResponseError

from tests.board.conftest import NARROW
from tests.board.scene import (
    ENDED,
    OPEN,
    TAKEN,
    Night,
    a_night,
    a_refused_message,
    a_set,
    ended,
    every_kind,
    problem,
    under_way,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.board.conftest import Visit

    Visiting = Callable[..., Visit]

pytestmark = pytest.mark.browser

HOSTILE = [
    "<script>document.title='taken'</script>",
    "<img src=x onerror=document.title='taken'>",
    "\u202egnp.ksid\u202c",
    "&lt;b&gt; {{7*7}} ${7*7} javascript:alert(1)",
    "x" * 900,
]


def texts(visit: Visit, selector: str) -> list[str]:
    return [text.strip() for text in visit.page.locator(selector).all_inner_texts()]


def tile(visit: Visit, kind: str) -> str:
    return str(visit.page.locator(f".tile.{kind} strong").inner_text())


def is_wider_than_screen(visit: Visit) -> bool:
    return bool(visit.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


# ----------------------------------------------------------------------------- what it shows


def test_500_restores_of_every_state_and_end_are_shown_the_failed_ones_first(
    visit: Visiting,
) -> None:
    seen = visit(every_kind(500)).open()

    share = len(OPEN) / (len(OPEN) + len(ENDED))
    assert int(tile(seen, "busy").lstrip("●")) == pytest.approx(500 * share, abs=len(OPEN))
    assert texts(seen, "main h2")[:2] == ["Failed", "Under way"]
    unfold_all(seen)
    states = set(texts(seen, "#running .status"))
    assert len(states) == len(OPEN)
    shown = set(texts(seen, "table.ended tbody .status"))
    assert len(shown) == len(ENDED)


def unfold_all(seen: Visit) -> None:
    while seen.page.locator("[data-more]").count():
        seen.page.locator("[data-more]").click()
    seen.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")


def test_a_reason_stands_with_its_remedy_before_the_restores_that_it_stopped(
    visit: Visiting,
) -> None:
    seen = visit(a_night()).open()

    card = seen.page.locator("#failed article").nth(1)

    text = card.inner_text()
    assert text.index("may not create disks") < text.index("What to do") < text.index("disk-mail-0")
    assert "az role assignment create" in card.locator("code").inner_text()
    assert card.locator("li").count() == 4


def test_restores_of_namesakes_are_told_apart_by_their_ids(visit: Visiting) -> None:
    night = Night.empty()
    for number in (1, 2, 3):
        row = under_way(f"INC{number}", "Ending", number, disk="m-f", targetDiskId=None)
        night.put(ended(row, "Rejected", **problem(*TAKEN)))

    seen = visit(night).open()

    assert texts(seen, "#failed li .name") == [f"m-f\nINC{number}" for number in (1, 2, 3)]


def test_a_reason_that_is_folded_away_is_named_all_the_same(visit: Visiting) -> None:
    night = Night.empty()
    for number in range(8):
        code = (f"Code{number}", "It failed.", "Mend it.")
        night.put(ended(under_way(f"r{number}", "Ending", number), "Failed", **problem(*code)))

    seen = visit(night).open()

    assert texts(seen, "#failed > section > details > summary") == ["2 more reasons: Code6, Code7"]


def test_what_is_late_stands_first_and_says_by_how_much(visit: Visiting) -> None:
    seen = visit(a_night()).open()

    first = seen.page.locator("#running li").first.inner_text()

    assert "disk-erp-04" in first
    assert "25 min later than expected" in first
    assert "63 %" in seen.page.locator("#running").inner_text()


def test_what_waits_says_for_what_and_is_not_late(visit: Visiting) -> None:
    night = Night.empty()
    later = night.clock() + timedelta(hours=1)
    night.put(under_way("again", "Retrying", 30, dueAt=later))
    night.put(under_way("leader", "Running", 1), under_way("r", "Following", 30, follows="leader"))
    night.put(under_way("soon", "Running", 7))
    seen = visit(night).open()
    seen.page.locator("#running .run").nth(3).wait_for()

    told = seen.page.locator("#running").inner_text()

    assert "Next try 04:12, by itself" in told
    assert "After leader: Back about 03:15" in told
    assert "Back any moment, expected about 03:09" in told
    assert "late" not in told


def test_a_set_is_shown_with_its_members(visit: Visiting) -> None:
    night = a_night()
    a_set(night)
    seen = visit(night).open()

    card = seen.page.locator("#sets article")
    card.locator("summary").click()

    assert "3 under way, 1 not protected or back already" in card.inner_text()
    assert card.locator("li").count() == 3


def test_a_chart_is_drawn_and_told_in_numbers(visit: Visiting) -> None:
    seen = visit(a_night()).open()
    seen.page.locator("#took .main-svg").first.wait_for()

    bars = seen.page.locator("#took .barlayer .trace").count()
    points = seen.page.locator("#took .barlayer .trace").nth(2).locator(".point").count()
    seen.page.locator("#took-table summary").click()

    assert bars == 4
    assert points == seen.page.locator("#took-table tbody tr").count() > 20
    assert "Validating" in seen.page.locator("#took-table thead").inner_text()


def test_a_night_of_thousands_is_cut_where_nobody_reads_on_and_says_so(visit: Visiting) -> None:
    night = Night.empty()
    night.put(*(under_way(f"m{n:04}", "Queued", n / 60) for n in range(530)))
    seen = visit(night).open()

    seen.page.locator("#running summary").click()

    assert tile(seen, "busy").endswith("530")
    assert seen.page.locator("#running .run").count() == 500
    assert "And 30 more" in seen.page.locator("#running .note").inner_text()


def test_an_account_without_restores_says_so(visit: Visiting) -> None:
    seen = visit(Night.empty()).open()

    shown = seen.page.locator("main").inner_text()

    assert "Nothing failed in the last 24 hours." in shown
    assert "Nothing is being restored." in shown
    assert "Nothing ended in the last 24 hours." in shown
    assert "No disk was restored in this time." in shown
    assert not seen.page.locator("#took").is_visible()


# ------------------------------------------------------------------------------ what changes


def test_a_change_is_seen_within_five_seconds_and_told_to_who_listens(visit: Visiting) -> None:
    night = Night.empty()
    row = under_way("sql-data", "Running", 3)
    night.put(row)
    seen = visit(night).open()
    seen.page.locator("#running .run").wait_for()

    night.end(row, status="Failed", took=180, **problem(*TAKEN))
    seen.pass_time(5)

    seen.page.locator("#failed article").wait_for()
    assert seen.page.locator("#running .run").count() == 0
    assert seen.page.title().startswith("1 failed, 0 under way")
    assert seen.page.locator("#told").text_content() == "1 restore ended, 1 of them badly."


def test_what_is_unfolded_and_focused_stays_when_something_changes(visit: Visiting) -> None:
    night = a_night()
    seen = visit(night).open()
    seen.page.locator("#failed summary").click()
    seen.page.locator("#failed details a").first.focus()

    night.put(under_way("new-01", "Queued", 0.1))
    seen.pass_time(5)
    seen.page.get_by_text("disk-new-01", exact=True).wait_for()

    assert seen.page.locator("#failed details").get_attribute("open") is not None
    assert "disk-mail-0" in seen.page.evaluate("document.activeElement.textContent")


def test_filters_choose_by_status_vault_and_time_and_stay_in_the_address(visit: Visiting) -> None:
    seen = visit(a_night()).open()

    seen.page.get_by_label("Status", exact=True).select_option(label="Failed")
    assert texts(seen, "table.ended tbody .name") == ["disk-web-02 → disk-web-02-restored\nweb-02"]
    seen.page.get_by_label("Status", exact=True).select_option(label="Completed")
    seen.page.get_by_label("Vault", exact=True).select_option(label="vault-dr")
    seen.page.get_by_label("Time", exact=True).select_option(label="Last 6 hours")
    seen.page.get_by_text("Nothing failed in the last 6 hours.").wait_for()
    chosen = texts(seen, "table.ended tbody tr td:last-child")
    seen.page.reload()
    seen.page.locator("table.ended").wait_for()

    assert set(chosen) == {"vault-dr"}
    assert texts(seen, "table.ended tbody tr td:last-child") == chosen
    assert "/?since=6h&status=Completed&vault=" in seen.page.url

    seen.page.get_by_role("button", name="Show all").click()
    seen.page.locator("#failed article").first.wait_for()
    assert seen.page.url.endswith("/")


def test_without_storage_it_says_what_to_do_and_comes_back_by_itself(visit: Visiting) -> None:
    night = a_night()
    seen = visit(night).open()

    night.tables.io.before = refuse
    seen.pass_time(5)
    seen.page.locator("#trouble article, #trouble section").wait_for()
    told = seen.page.locator("#trouble").inner_text()
    kept = seen.page.locator("#running .run").count()
    night.tables.io.before = lambda _what: None
    seen.pass_time(5)
    seen.page.locator(".live.good").wait_for()

    assert "Storage Table Data Reader" in told
    assert "Below is what was seen at 03:12:07 UTC" in told
    assert kept == 4
    assert seen.page.locator("#trouble").inner_text() == ""
    seen.complaints.clear()  # The browser itself notes each answer that is an error.


def test_a_board_that_has_ended_is_told_with_the_command_that_starts_it(visit: Visiting) -> None:
    seen = visit(a_night()).open()

    seen.page.route("**/data/**", lambda route: route.abort())
    seen.pass_time(5)
    seen.page.locator("#trouble section").wait_for()

    assert seen.page.locator("#trouble code").inner_text() == "restorectl board"
    seen.complaints.clear()  # The browser itself notes each answer that does not come.


def refuse(_what: str) -> None:
    error = HttpResponseError("AuthorizationPermissionMismatch")
    error.status_code = 403
    error.error_code = "AuthorizationPermissionMismatch"
    raise error


# ------------------------------------------------------------------------- a restore's own page


def test_a_restore_has_a_page_with_its_timeline_and_commands_to_copy(visit: Visiting) -> None:
    seen = visit(a_night(), permissions=["clipboard-read", "clipboard-write"]).open()

    seen.page.locator("table.ended").get_by_text("disk-web-02-restored").click()
    seen.page.locator(".timeline").wait_for()
    steps = texts(seen, ".timeline b")
    seen.page.get_by_role("button", name="Copy").last.click()
    seen.page.get_by_text("Copied", exact=True).first.wait_for()

    assert seen.page.locator("h1").inner_text() == "disk-web-02 → disk-web-02-restored"
    assert steps[0] == "Accepted"
    assert steps[-1] == "Failed"
    assert "Azure validates" in steps
    copied = seen.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("restorectl send --id web-02-retry --instance ")


def test_a_message_that_became_no_restore_has_a_page_too(visit: Visiting) -> None:
    night = Night.empty()
    night.put(a_refused_message())
    seen = visit(night).open()

    seen.page.locator("#failed .name").click()
    seen.page.locator("#why").wait_for()

    assert "'pointInTme' is no field" in seen.page.locator("#why").inner_text()


def test_a_restore_that_nobody_knows_is_told_as_that(visit: Visiting) -> None:
    seen = visit(a_night())
    seen.page.goto(seen.door.address)
    seen.page.goto(f"http://127.0.0.1:{seen.door.port}/restores/nobody")

    seen.page.locator("#trouble section").wait_for()

    assert "No restore has this id." in seen.page.locator("#trouble").inner_text()
    seen.complaints.clear()  # The browser itself notes the 404.


# ------------------------------------------------------------------------------- for everybody


def test_dark_and_light_follow_the_system_until_one_is_chosen(visit: Visiting) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    seen = visit(a_night(), scheme="dark").open()
    dark = seen.page.evaluate(ground)

    button = seen.page.get_by_role("button", name="Theme")
    button.click()
    light = seen.page.evaluate(ground)
    seen.page.reload()

    assert button.inner_text() == "Theme: light"
    assert seen.page.evaluate(ground) == light != dark


@pytest.mark.parametrize("path", ["/", "/restores/web-02"])
def test_a_phone_needs_no_scrolling_to_the_side(visit: Visiting, path: str) -> None:
    seen = visit(hostile(), size=NARROW).open(path.replace("web-02", "h4"))

    unfold_all(seen)

    assert not is_wider_than_screen(seen)


def test_everything_can_be_done_with_the_keyboard_alone(visit: Visiting) -> None:
    seen = visit(a_night()).open()
    keys = seen.page.keyboard

    keys.press("Tab")
    assert seen.page.evaluate("document.activeElement.textContent") == "Skip to the restores"
    keys.press("Enter")
    go_to(seen, "select[name=status]")
    for _ in range(5):
        keys.press("ArrowDown")
    seen.page.wait_for_url("**?status=Failed")
    go_to(seen, "#failed a.name")
    keys.press("Enter")
    seen.page.locator(".timeline").wait_for()
    go_to(seen, "summary")
    keys.press("Enter")

    assert seen.page.locator("details.columns").get_attribute("open") is not None


def go_to(seen: Visit, selector: str) -> None:
    """Press Tab until the focus is there; it must be seen, and no key may be caught on the way."""
    for _ in range(60):
        seen.page.keyboard.press("Tab")
        if seen.page.evaluate(f"document.activeElement.matches({json.dumps(selector)})"):
            outline = "getComputedStyle(document.activeElement).outlineStyle"
            assert seen.page.evaluate(outline) != "none"
            return
    pytest.fail(f"Tab does not come to {selector}.")


def hostile() -> Night:
    night = Night.empty()
    for n, text in enumerate(HOSTILE):
        bad = problem(f"Code{n}", text, f"Do {text} The command: echo '{text}'")
        row = under_way(f"h{n}", "Running", 2, disk=f"d{text}", reason=text, requestedBy=text)
        night.put(ended(row, "Failed", took=30, **bad))
        night.put(under_way(f"o{n}", "Retrying", 2, disk=f"e{text}", **bad))
    return night


def test_names_and_reasons_from_outside_are_text_and_nothing_else(visit: Visiting) -> None:
    seen = visit(hostile()).open()
    unfold_all(seen)

    board = seen.page.locator("main").text_content()
    made = seen.page.locator("main script, main img, main b:text('7*7')").count()
    seen.open("/restores/h0")
    page = seen.page.locator("main").text_content()

    for text in (HOSTILE[0], HOSTILE[1], HOSTILE[3]):
        assert text in board
    assert HOSTILE[0] in page
    assert made == 0
    assert "taken" not in seen.page.title().split(":")[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/restores/web-02"])
def test_axe_finds_nothing(visit: Visiting, path: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    night = a_night()
    a_set(night)
    seen = visit(night, scheme=scheme).open(path)
    if path == "/":
        seen.page.locator("#took .main-svg").first.wait_for()
    unfold_all(seen)

    found = axe.Axe().run(seen.page).response["violations"]

    assert [
        (one["id"], one["impact"], [n["html"] for n in one["nodes"]][:3]) for one in found
    ] == []


def test_a_set_has_a_page_with_its_members(visit: Visiting) -> None:
    night = a_night()
    key = a_set(night)
    seen = visit(night).open(f"/restores/{key}")

    rows = texts(seen, "section[aria-labelledby=members] li .name")

    assert len(rows) == 4
    assert "1 not protected, 3 under way" in seen.page.locator(".facts").inner_text()
    assert seen.page.locator("section[aria-labelledby=members] a").count() == 4
