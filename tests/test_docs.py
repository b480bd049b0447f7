"""What the documents promise to list, they list: codes, settings, fields, columns, log events."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest
from pydantic.alias_generators import to_camel

from restore_core.azure.advice.obstacles import _STANDING, is_standing
from restore_core.azure.advice.roles import APP_ROLE
from restore_core.contract.request import RestoreRequest
from restore_core.engine.columns import PUBLIC, refused_row
from restore_core.errors import Problem
from restore_core.lifecycle.states import Waiting
from restore_core.version import VERSION
from tests.builders import a_refused_message

ROOT = Path(__file__).parents[1]
CORE = sorted((ROOT / "restore_core").rglob("*.py"))
CODE = re.compile(r"[A-Z][a-z]*(?:[A-Z][a-z]*)+")


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def names_in(name: str) -> set[str]:
    """Return every name that a page shows as code."""
    return set(re.findall(r"`([^`\n]+)`", page(name)))


@dataclass(frozen=True)
class Source:
    tree: ast.Module

    @property
    def constants(self) -> dict[str, ast.expr]:
        found = {}
        for node in self.tree.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                found[node.target.id] = node.value
        return found

    def codes(self) -> Iterator[str]:
        """Yield every code that a Problem is made with here."""
        for node in ast.walk(self.tree):
            name = (
                node.func.id
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                else ""
            )
            if isinstance(node, ast.Call) and name == "Problem":
                yield from self._texts(node.args[0])

    def _texts(self, code: ast.expr) -> Iterator[str]:
        for node in ast.walk(code):
            if isinstance(node, ast.Name) and node.id in self.constants:
                yield from self._texts(self.constants[node.id])
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def codes() -> set[str]:
    found = {code for file in CORE for code in Source(ast.parse(file.read_text())).codes()}
    # Made of the operation's own word for its end.
    ends = {"OperationFailed", "OperationCanceled", "OperationCancelled", "OperationSucceeded"}
    return {code for code in found if CODE.fullmatch(code)} | ends


def test_the_search_for_codes_finds_them() -> None:
    assert {"NotAllowed", "UnreadableAnswer", "UnknownError", "TimedOut"} <= codes()
    assert len(codes()) > 20


@pytest.mark.parametrize("code", sorted(codes()))
def test_the_runbook_explains_every_code_of_the_app(code: str) -> None:
    assert code in names_in("docs/operations.md")


def test_the_runbook_explains_every_event_of_the_log() -> None:
    log = page("restore_core/engine/log.py")

    events = set(re.findall(r'"((?:restore|message|step|tick|worker)\.[a-z]+)', log))

    assert len(events) == 12
    assert events <= names_in("docs/operations.md")


def test_the_runbook_explains_every_field_of_the_log() -> None:
    fields = set(re.findall(r"(\w+)=[%{]", page("restore_core/engine/log.py")))

    assert {"requestId", "leftOver", "advice"} <= fields
    assert fields <= names_in("docs/operations.md")


def test_the_runbook_explains_every_obstacle_that_only_a_person_removes() -> None:
    told = {one for one in names_in("docs/operations.md") if is_standing(Problem(one, ""))}

    assert {one.lower() for one in told} == _STANDING


def test_the_night_s_commands_ask_for_columns_that_are_there() -> None:
    asked = re.findall(r"--query 'items\[\]\.\{(.*?)\}'", page("docs/operations.md"))

    assert len(asked) == 2
    assert {pair.split(":")[1] for one in asked for pair in one.split(", ")} <= {*PUBLIC}


def test_the_states_that_the_runbook_explains_are_there() -> None:
    table = page("docs/operations.md").partition("| state | what it waits for |")[2]
    told = set(
        re.findall(r"`([A-Z]\w+)`", " ".join(re.findall(r"^ +\| (`.*?) \|", table, re.MULTILINE)))
    )

    assert {"Following", "Queued", "Retrying", "Running"} <= told
    assert told <= {state.__name__ for state in get_args(Waiting)}


def test_the_role_that_the_app_s_advice_names_is_deployed_and_told() -> None:
    assert f"param roleName string = '{APP_ROLE}'" in page("infra/main.bicep")
    assert f"the custom role `{APP_ROLE}`" in page("docs/operations.md")


@pytest.mark.parametrize("document", ["README.md", "docs/design.md"])
def test_every_field_of_the_message_is_told(document: str) -> None:
    fields = {to_camel(name) for name in RestoreRequest.model_fields}

    assert fields <= names_in(document)


@pytest.mark.parametrize("document", ["README.md", "docs/design.md"])
def test_every_setting_is_told(document: str) -> None:
    settings = set(
        re.findall(r'"((?:RESTORE|AZURE|ARM)_[A-Z_]+)"', page("restore_core/settings.py"))
    )

    assert len(settings) > 4
    assert settings | {"RESTORE_ALLOW", "RESTORE_POLL_SCHEDULE"} <= names_in(document)


@pytest.mark.parametrize("document", ["README.md", "docs/design.md"])
def test_every_column_of_a_result_is_told(document: str) -> None:
    accepted = set(re.findall(r'"([a-z][A-Za-z0-9]+)":', page("restore_core/engine/columns.py")))
    refused = refused_row(a_refused_message(request_id="r1")).keys() - {"PartitionKey", "RowKey"}
    inside = {"document", "request", "deadline", "state", "is", "operationUrl", "dueAt", "outbox"}

    assert len(accepted) > 20
    assert (accepted - inside) | refused <= names_in(document)


def the_map() -> str:
    return page("docs/design.md").partition("\n## The map\n")[2].partition("\n## ")[0]


METHODS = {
    f"{found.name}.{part.name}"
    for file in CORE
    for found in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    if isinstance(found, ast.ClassDef)
    for part in found.body
    if isinstance(part, ast.FunctionDef)
}


@pytest.mark.parametrize(
    "method", sorted(set(re.findall(r"`([A-Z][A-Za-z]+\.[a-z_]+)`", the_map())))
)
def test_the_map_names_what_is_there(method: str) -> None:
    assert method in METHODS


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.[a-z]+)?)`", the_map())))
)
def test_the_map_leads_to_rooms_that_exist(path: str) -> None:
    assert (ROOT / path).exists() or (ROOT / "restore_core" / path).exists()


def test_the_map_shows_every_room() -> None:
    rooms = {file.relative_to(ROOT / "restore_core").parts[0] for file in CORE}

    shown = set(re.findall(r"`([a-z_]+)/?`", the_map()))

    assert {room.removesuffix(".py") for room in rooms} - {"__init__"} <= shown


def test_the_version_is_the_project_s() -> None:
    assert f'version = "{VERSION}"' in page("pyproject.toml")
