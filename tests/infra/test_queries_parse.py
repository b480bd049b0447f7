"""The parser of the query language itself reads every query, against the workspace's schema."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from local.node import node_command
from tests.infra.deployment import INFRA
from tests.infra.rules import rules
from tests.infra.test_workbook import tiles
from tests.infra.workspace import SCHEMA

HERE = Path(__file__).parent / "kusto"


def complaints(queries: dict[str, str]) -> dict[str, list[str]]:
    """Return what the parser has to say about each query."""
    if not (HERE / "node_modules").is_dir():
        pytest.skip("NO PARSER OF KQL: make test-infra sets it up; the queries are run, not parsed")
    done = subprocess.run(  # noqa: S603 - Node and our own words.
        [*node_command(), str(HERE / "check.js")],
        input=json.dumps({"schema": SCHEMA, "queries": queries}),
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


def test_every_query_of_an_alert_parses() -> None:
    found = complaints({name: rule.query for name, rule in rules().items()})

    assert found == {name: [] for name in rules()}


def test_every_query_of_the_workbook_parses() -> None:
    found = complaints({name: content["query"] for name, content in tiles().items()})

    assert found == {name: [] for name in tiles()}


def test_every_query_of_the_page_parses() -> None:
    page = (INFRA / "README.md").read_text("utf-8")
    shown = re.findall(r"^```kusto\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)

    found = complaints({str(number): text for number, text in enumerate(shown)})

    assert list(found.values()) == [[]]


def test_the_parser_would_notice_a_column_that_is_not_there() -> None:
    found = complaints({"misspelt": 'AppTraces | where Mesage startswith "x"'})

    assert "Mesage" in found["misspelt"][0]
