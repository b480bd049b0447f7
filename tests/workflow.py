"""Runs a Logic App's definition, as far as the examples of docs/senders.md go.

Actions run in the order of their `runAfter`; what they do outside is the test's to answer. Whatever
is not known here raises, so an example cannot use what nobody tried.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(\d+)|([A-Za-z]+)|(\?\[|[\[\](),]))")
_INSERTED = re.compile(r"@\{(.*?)\}(?=[^}]|$)", re.DOTALL)
MOST_LOOPS = 200


@dataclass
class Outside:
    """What the actions meet. Each answers as the connector or the service would."""

    put: Callable[[str], None]
    get: Callable[[str, dict[str, str]], tuple[int, Any]] = lambda *_: (500, None)
    wait: Callable[[int], None] = lambda _: None
    comments: list[str] = field(default_factory=list)


class Run:
    """One run of a workflow."""

    def __init__(
        self, workflow: dict[str, Any], body: Any, outside: Outside, *, name: str = "08584402CU1"
    ) -> None:
        self.definition = workflow["definition"]
        self.outside = outside
        self.body, self.name = body, name
        self.parameters = {
            key: declared.get("defaultValue", ...)
            for key, declared in self.definition["parameters"].items()
        } | {key: given["value"] for key, given in workflow["parameters"].items()}
        assert ... not in self.parameters.values(), "a parameter has no value"
        self.outputs: dict[str, Any] = {}
        self.status: dict[str, str] = {}
        self.item: Any = None
        self.items: dict[str, Any] = {}

    def start(self) -> bool:
        """Run all that the trigger begins; tell whether it began anything."""
        (trigger,) = self.definition["triggers"].values()
        for condition in trigger.get("conditions", []):
            if not self.value(condition["expression"]):
                return False
        self.run(self.definition["actions"])
        return True

    def run(self, actions: dict[str, Any]) -> None:
        left = dict(actions)
        while left:
            name = next(n for n, a in left.items() if not set(a.get("runAfter", {})) & set(left))
            action = left.pop(name)
            wanted = action.get("runAfter", {})
            assert set(wanted) <= set(self.status), f"{name} runs after what is not there"
            runs = all(self.status[before] in statuses for before, statuses in wanted.items())
            self.status[name] = self._act(name, action) if runs else "Skipped"

    def _act(self, name: str, action: dict[str, Any]) -> str:
        match action["type"]:
            case "Foreach":
                for item in self.value(action["foreach"]):
                    self.items[name] = item
                    self.run(action["actions"])
                return "Succeeded"
            case "Until":
                return self._loop(action)
            case "If":
                holds = self._condition(action["expression"])
                self.run(action["actions"] if holds else action["else"]["actions"])
                return "Succeeded"
            case "Wait":
                interval = action["inputs"]["interval"]
                assert interval["unit"] == "Minute"
                self.outside.wait(60 * interval["count"])
                return "Succeeded"
            case kind:
                return self._do(name, kind, action["inputs"])

    def _loop(self, action: dict[str, Any]) -> str:
        for _ in range(MOST_LOOPS):
            self.run(action["actions"])
            if not self._went_well(action["actions"]):
                return "Failed"
            if self.value(action["expression"]):
                return "Succeeded"
        return "Failed"

    def _went_well(self, actions: dict[str, Any]) -> bool:
        """Tell whether all succeeded that nothing runs after: an example may rely on no less."""
        followed = {name for action in actions.values() for name in action.get("runAfter", {})}
        return all(self.status[name] == "Succeeded" for name in set(actions) - followed)

    def _do(self, name: str, kind: str, inputs: Any) -> str:
        match kind:
            case "Compose":
                self.outputs[name] = self.value(inputs)
            case "Query":
                self.outputs[name] = {"body": list(self._chosen(inputs))}
            case "Http":
                asked = self.value(inputs)
                status, body = self.outside.get(asked["uri"], asked["headers"])
                self.outputs[name] = {"statusCode": status, "body": body}
                return "Succeeded" if status < 400 else "Failed"
            case "ApiConnection":
                self._connector(self.value(inputs))
            case _:
                raise AssertionError(f"no such action: {kind}")
        return "Succeeded"

    def _connector(self, asked: dict[str, Any]) -> None:
        assert asked["method"] == "post"
        connection = asked["host"]["connection"]["name"]
        account = quote(quote("https://stdiskrestore01.queue.core.windows.net", safe=""), safe="")
        match connection.rpartition("/")[2], asked["path"]:
            case "azurequeues", path:
                assert path == f"/v2/storageAccounts/{account}/queues/restore-requests/messages"
                assert isinstance(asked["body"], str)
                self.outside.put(asked["body"])
            case "azuresentinel", "/Incidents/Comment":
                assert asked["body"]["incidentArmId"]
                self.outside.comments.append(asked["body"]["message"])
            case other:
                raise AssertionError(f"no such connector: {other}")

    def _chosen(self, inputs: dict[str, Any]) -> Iterator[Any]:
        for item in self.value(inputs["from"]):
            self.item = item
            if self.value(inputs["where"]):
                yield item

    def _condition(self, expression: dict[str, Any]) -> bool:
        ((operator, operands),) = expression.items()
        if operator == "or":
            return any(self._condition(operand) for operand in operands)
        assert operator == "equals"
        one, other = (self.value(operand) for operand in operands)
        return bool(one == other)

    # ------------------------------------------------------------------------- expressions

    def value(self, written: Any) -> Any:
        """Return a value of the definition with its expressions evaluated."""
        if isinstance(written, dict):
            return {self.value(name): self.value(value) for name, value in written.items()}
        if isinstance(written, list):
            return [self.value(value) for value in written]
        if not isinstance(written, str):
            return written
        if written.startswith("@") and not written.startswith("@{"):
            return self.evaluated(written[1:])
        return _INSERTED.sub(lambda found: _text(self.evaluated(found[1])), written)

    def evaluated(self, expression: str) -> Any:
        tokens = [match.group().strip() for match in _TOKEN.finditer(expression)]
        assert "".join(tokens) == re.sub(r"\s+(?=(?:[^']*'[^']*')*[^']*$)", "", expression)
        value = self._expression(tokens)
        assert not tokens, f"more than an expression: {expression}"
        return value

    def _expression(self, tokens: list[str]) -> Any:
        token = tokens.pop(0)
        if token.startswith("'"):
            value: Any = token[1:-1].replace("''", "'")
        elif token.isdigit():
            value = int(token)
        elif token in ("true", "false", "null"):
            value = {"true": True, "false": False, "null": None}[token]
        else:
            assert tokens.pop(0) == "("
            given = []
            while tokens[0] != ")":
                given.append(self._expression(tokens))
                if tokens[0] == ",":
                    tokens.pop(0)
            tokens.pop(0)
            value = self._called(token, given)
        while tokens and tokens[0] in ("[", "?["):
            lenient = tokens.pop(0) == "?["
            key = self._expression(tokens)
            assert tokens.pop(0) == "]"
            value = value.get(key) if lenient and value is not None else value and value[key]
        return value

    def _called(self, name: str, given: list[Any]) -> Any:
        known: dict[str, Callable[..., Any]] = {
            "parameters": lambda key: self.parameters[key],
            "triggerBody": lambda: self.body,
            "outputs": lambda key: self.outputs[key],
            "body": lambda key: self.outputs[key]["body"],
            "items": lambda key: self.items[key],
            "item": lambda: self.item,
            "workflow": lambda: {"name": "la-restore", "run": {"name": self.name}},
            "listCallbackUrl": lambda: "https://callback.example",
            "utcNow": lambda: "2026-11-21T12:00:00.0000000Z",
            "addHours": lambda time, hours: time.replace("T12:", f"T{12 + hours}:"),
            "encodeURIComponent": lambda text: quote(text, safe=""),
            "concat": lambda *texts: "".join(texts),
            "string": lambda value: value if isinstance(value, str) else json.dumps(value),
            "toLower": lambda text: text.lower(),
            "contains": lambda text, part: part in text,
            "coalesce": lambda *values: next((v for v in values if v is not None), None),
            "json": json.loads,
            "split": lambda text, at: text.split(at),
            "last": lambda values: values[-1],
            "equals": lambda one, other: one == other,
            "if": lambda holds, this, that: this if holds else that,
        }
        return known[name](*given)


def _text(value: Any) -> str:
    """Return a value as it stands in a text: null is nothing."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
