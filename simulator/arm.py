"""Azure Resource Manager's own part: who is let in, and to which provider a call goes.

A call is judged in this order: token, is there a token left in the bucket, api-version, does it
exist, may the caller, is it there, does its provider still have some left.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from simulator import arm_ids, routes
from simulator.accusations import Accusations, shown
from simulator.api_versions import check as check_api_version
from simulator.buckets import Buckets
from simulator.compute import Compute
from simulator.data_protection import DataProtection
from simulator.errors import Refusal, by_arm, not_there
from simulator.exchange import Answer, Request
from simulator.graph import PATH as GRAPH
from simulator.graph import Graph
from simulator.identity import Identity
from simulator.routes import Asked
from simulator.world import World

_HOME: Final = "westeurope"
_GLOBAL: Final = {"x-ms-ratelimit-remaining-subscription-global-writes": "11999"}  # As recorded.


@dataclass
class Arm:
    """Answers ARM calls; whoever calls it sees to it that calls come one at a time."""

    world: World
    identity: Identity
    accusations: Accusations
    buckets: Buckets
    graph: Graph
    compute: Compute
    data_protection: DataProtection

    def answer(self, request: Request, now: datetime) -> Answer:
        """Answer a call."""
        left: dict[str, str] = {}
        try:
            caller = self._caller(request)
            if arm_ids.key(request.path) == GRAPH:
                return self.graph.answer(request, caller, now)
            left |= self._take(request, caller, now)
            match = self._admit(request)
            left |= self._take_of_service(request, match, caller, now=now)
            answer = self._answer_of(match)(Asked(request, match.parts, now))
        except Refusal as refusal:
            answer = refusal.answer
        return answer.with_headers(left)

    def _caller(self, request: Request) -> str:
        if "authorization" not in request.headers:
            self.accusations.accuse(f"{shown(request)}: came without a token")
        return self.identity.check(request)

    def _take(self, request: Request, caller: str, now: datetime) -> dict[str, str]:
        subscription = arm_ids.subscription_of(request.path).lower()
        key = (subscription, _region_of(request), caller)
        if request.method == "GET":
            left = self.buckets.take("read", key, request, now)
            # On this service's reads only the service's own count was ever seen.
            return {} if routes.is_of_data_protection(request.path) else left
        return {**self.buckets.take("write", key, request, now), **_GLOBAL}

    def _take_of_service(
        self, request: Request, match: routes.Match, caller: str, *, now: datetime
    ) -> dict[str, str]:
        if request.method != "GET" or not routes.is_of_data_protection(request.path):
            return {}
        key = (arm_ids.subscription_of(request.path).lower(), match.route.name, caller)
        return self.buckets.take("service read", key, request, now)

    def _admit(self, request: Request) -> routes.Match:
        match = routes.find(request.method, request.path)
        check_api_version(request, self.accusations, match.route.provider if match else None)
        if match is None:
            raise self._unknown(request)
        self._check_right(match)
        self._check_existence(match)
        return match

    def _answer_of(self, match: routes.Match) -> routes.Answering:
        answers = {**self.data_protection.answers, **self.compute.answers}
        return answers[match.route.name]

    def _unknown(self, request: Request) -> Refusal:
        self.accusations.accuse(f"{shown(request)}: is no call of this service")
        if routes.methods_of(request.path):
            text = f"The requested resource does not support http method '{request.method}'."
            return by_arm(405, "MethodNotAllowed", text)
        text = "The request URI did not match any known resource."
        return by_arm(404, "InvalidResourceType", text)

    def _check_right(self, match: routes.Match) -> None:
        action = match.route.action
        for scope in self.world.denied.get(action.lower(), []):
            if scope == "*" or arm_ids.is_within(match.scope, scope):
                raise by_arm(403, "AuthorizationFailed", self._no_right(action, match.scope))

    def _no_right(self, action: str, scope: str) -> str:
        client, identity = self.identity.client_id, self.identity.object_id
        return (
            f"The client '{client}' with object id '{identity}' does not have authorization to "
            f"perform action '{action}' over scope '{scope}' or the scope is invalid. If access "
            "was recently granted, please refresh your credentials."
        )

    def _check_existence(self, match: routes.Match) -> None:
        group, vault = match.parts.get("group_id"), match.parts.get("vault_id")
        if group and not self.world.group_exists(group):
            text = f"Resource group '{arm_ids.name_of(group)}' could not be found."
            raise by_arm(404, "ResourceGroupNotFound", text)
        if vault and not self.world.vault_exists(vault):
            raise not_there("Microsoft.DataProtection/backupVaults", vault)


def _region_of(request: Request) -> str:
    """Return the region of the ARM that was called: a regional host has its own buckets."""
    first, _, rest = request.headers.get("host", "").partition(".")
    return first if rest.startswith("management.") else _HOME
