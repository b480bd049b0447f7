"""Every link from a page to a page of this project leads to a file, and to a heading in it."""

import re

import pytest

from tests.pages.commands import PAGES, ROOT

LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
CODE = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """Return the anchors that a reader's page has: of headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", CODE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.strip().lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    for link in LINK.findall(PAGES[name]):
        path, _, anchor = link.partition("#")
        file = (ROOT / name).parent.joinpath(path).resolve() if path else ROOT / name

        assert file.exists(), link
        if anchor:
            assert anchor in anchors(file.read_text("utf-8")), link
