"""The calls of Azure Data Protection, each answered from the world.

Whoever asks has been let in by `arm`: his token, api-version and rights are good.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from simulator import arm_ids, bodies, paging, point_filter, restore_body
from simulator.accusations import Accusations, Patience, shown
from simulator.crowds import FULL
from simulator.errors import by_arm, by_service, not_found
from simulator.exchange import Answer
from simulator.habits import Habits
from simulator.restore_body import Mistake, Wish
from simulator.restores import Restores, point_of
from simulator.routes import Asked
from simulator.signed_urls import Signer
from simulator.world import SOFT_DELETED, Instance, Operation, World


@dataclass
class DataProtection:
    """Answers calls; whoever calls it sees to it that calls come one at a time."""

    world: World
    restores: Restores
    signer: Signer
    accusations: Accusations
    patience: Patience
    habits: Habits
    answers: dict[str, Callable[[Asked], Answer]] = field(init=False, repr=False)
    """What answers a route, by the route's name."""

    def __post_init__(self) -> None:
        self.answers = {
            "instances": self._instances,
            "instance": self._instance,
            "points": self._points,
            "point": self._point,
            "validate": self._validate,
            "restore": self._restore,
            "operation_status": self._operation_status,
            "operation_result": self._operation_result,
            "jobs": self._jobs,
            "job": self._job,
        }

    def _instance_of(self, asked: Asked) -> Instance:
        found = self.world.instances.get(arm_ids.key(asked.parts["instance_id"]))
        if found is None:
            raise not_found(asked.parts["instance_id"])
        return found

    def _instances(self, asked: Asked) -> Answer:
        vault = asked.parts["vault_id"]
        found = [one for one in self.world.all() if arm_ids.is_within(one.id, vault)]
        page, link = paging.page(asked.request, found, self.habits.page_size)
        value = [bodies.instance(one) for one in page]
        return Answer.of({"value": value, **({"nextLink": link} if link else {})})

    def _instance(self, asked: Asked) -> Answer:
        return Answer.of(bodies.instance(self._instance_of(asked)))

    def _points(self, asked: Asked) -> Answer:
        one = self._instance_of(asked)
        points = point_filter.apply(asked.request.query.get("$filter", ""), one.newest_first)
        return self._page(asked, [bodies.recovery_point(one, point) for point in points])

    def _point(self, asked: Asked) -> Answer:
        one = self._instance_of(asked)
        point = point_of(one, asked.parts["point"])
        if point is None:
            raise not_found(asked.request.path)
        return Answer.of(bodies.recovery_point(one, point))

    def _page(self, asked: Asked, items: list[Any]) -> Answer:
        value, link = paging.page(asked.request, items, self.habits.page_size)
        return Answer.of({"value": value, **({"nextLink": link} if link else {})})

    def _validate(self, asked: Asked) -> Answer:
        one = self._instance_of(asked)
        read = restore_body.read_validation(asked.request.json(), one.region)
        operation = self.restores.validate(one, self._wish(asked, one, read), asked.now)
        return self._accepted(asked, operation, self.habits.pace.validation_retry_after)

    def _restore(self, asked: Asked) -> Answer:
        one = self._instance_of(asked)
        read = restore_body.read_restore(asked.request.json(), one.region)
        wish = self._wish(asked, one, read)
        self._accuse_of_second_restore(asked, wish.target_id)
        self._accuse_of_overrun(asked, one)
        client_id = asked.request.client_request_id
        operation = self.restores.restore(one, wish, client_id, now=asked.now)
        return self._accepted(asked, operation, self.habits.pace.operation_retry_after)

    def _wish(self, asked: Asked, one: Instance, read: Wish | Mistake) -> Wish:
        for code, message in self.world.refusals.get(arm_ids.key(one.vault_id), {}).items():
            raise by_arm(403, code, message)
        if one.protection == SOFT_DELETED:
            raise by_service(400, "UserErrorBackupInstanceSoftDeleted")
        if isinstance(read, Mistake):
            self.accusations.accuse(f"{shown(asked.request)}: wrong body, {read.text}")
            raise by_service(400, "BMSUserErrorInvalidInput")
        if point_of(one, read.point_id) is None:
            raise not_found(f"{one.id}/recoveryPoints/{read.point_id}")
        return read

    def _accuse_of_second_restore(self, asked: Asked, target: str) -> None:
        running, restored = self.restores.is_written(target), self.restores.was_restored(target)
        if running or restored:
            first = "still runs" if running else "succeeded"
            self.accusations.accuse(
                f"{shown(asked.request)}: a second restore of {arm_ids.name_of(target)}, whose "
                f"first {first}"
            )

    def _accuse_of_overrun(self, asked: Asked, one: Instance) -> None:
        if self.restores.crowds.overruns(one.id, asked.now):
            self.accusations.accuse(
                f"{shown(asked.request)}: one restore more, though {FULL} was read less than a "
                "minute ago and no restore has ended since"
            )

    def _accepted(self, asked: Asked, operation: Operation, wait: int) -> Answer:
        version = asked.request.query["api-version"]
        status = f"{operation.vault_id}/operationStatus/{operation.id}"
        result = f"{_location_of(operation)}/operationResults/{operation.id}"
        seconds = self.habits.pace.scaled_wait(wait)
        for path in (status, result):
            self.patience.ask("GET", path, asked.now + timedelta(seconds=seconds))
        base = asked.request.base
        headers = {
            "Azure-AsyncOperation": base + self.signer.sign(status, version, asked.now),
            "Location": base + self.signer.sign(result, version, asked.now),
            "Retry-After": str(seconds),
        }
        return Answer(202, headers)

    def _operation_of(self, asked: Asked) -> Operation:
        if not self.signer.is_ours(asked.request.target):
            self.accusations.accuse(f"{shown(asked.request)}: the operation URL was rebuilt")
            raise by_arm(403, "AuthenticationFailed", "The operation URL is not as it was issued.")
        found = self.world.operations.get(asked.parts["operation"])
        gone_after = found.outcome.gone_after if found else None
        if found is None or (gone_after is not None and asked.now >= found.started + gone_after):
            raise not_found(asked.request.path)
        return found

    def _operation_status(self, asked: Asked) -> Answer:
        operation = self._operation_of(asked)
        answer = Answer.of(bodies.operation(operation, asked.request.path))
        operation.course.count_read()
        if operation.ended and operation.full:
            self.restores.crowds.told(operation.full, asked.now)
        wait = self.habits.pace.poll_retry_after
        if wait is None or operation.ended:
            return answer
        return answer.with_headers({"Retry-After": str(self.habits.pace.scaled_wait(wait))})

    def _operation_result(self, asked: Asked) -> Answer:
        operation = self._operation_of(asked)
        version = asked.request.query["api-version"]
        status = f"{_location_of(operation)}/operationStatus/{operation.id}"
        signed = asked.request.base + self.signer.sign(status, version, asked.now)
        headers = {"Azure-AsyncOperation": signed}
        if operation.ended:
            return Answer.of(bodies.operation_result(operation), headers=headers)
        operation.course.count_read()
        return Answer(202, {**headers, "Location": asked.request.base + asked.request.target})

    def _jobs(self, asked: Asked) -> Answer:
        jobs = self.world.jobs_of_vault(asked.parts["vault_id"])
        if self.habits.job_list_lag:
            shown_by = asked.now - self.habits.job_list_lag
            jobs = [job for job in jobs if job.started <= shown_by]
        page, link = paging.page(asked.request, jobs, self.habits.page_size)
        value = [bodies.listed_job(job, self.world.instance_of(job)) for job in page]
        return Answer.of({"value": value, "nextLink": link})

    def _job(self, asked: Asked) -> Answer:
        job_id = f"{asked.parts['vault_id']}/backupJobs/{asked.parts['job']}"
        job = self.world.jobs.get(arm_ids.key(job_id))
        if job is None:
            raise not_found(asked.request.path)
        answer = Answer.of(bodies.job(job, self.world.instance_of(job)))
        job.course.count_read()
        return answer


def _location_of(operation: Operation) -> str:
    subscription = arm_ids.subscription_of(operation.vault_id)
    provider = "providers/Microsoft.DataProtection"
    return f"/subscriptions/{subscription}/{provider}/locations/{operation.location}"
