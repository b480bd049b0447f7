"""Virtual time, and who goes on in it: many tasks, of which one at a time holds the baton.

A task is ordinary code in a thread of its own. It runs until it sleeps or waits; then whatever is
next in time goes on, and of two at the same time the one that the tie-breaker prefers. Nothing
else decides, so one seed is one history. A killed task ends at the point where it stands: `Killed`
is no Exception, so no clause of the app catches it.
"""

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Executor, Future
from threading import Lock, Thread, gettrace
from typing import Any, Self


class Killed(BaseException):
    """The process has died."""


class Task:
    """One thread of control: an invocation, or a part of one."""

    def __init__(self, name: str, work: Callable[[], None], owner: Any) -> None:
        self.name = name
        self.work = work
        self.owner = owner
        self.begun = 0.0
        """When the invocation began of which it is a part."""
        self.restore = ""
        """The restore it is about, as far as is known: for the trace."""
        self.dead = False
        self.done = False
        self.token = 0
        self.runner: _Runner | None = None


class _Runner:
    """A thread that is lent to one task after another: to begin a thread costs too much."""

    def __init__(self, pool: list[Self]) -> None:
        self.pool = pool
        self.baton = Lock()
        self.baton.acquire()
        self.task: Task | None = None
        self.scheduler: Scheduler | None = None
        Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            self.baton.acquire()
            if self.scheduler is not None and self.task is not None:
                self.scheduler._live(self.task)


_idle: defaultdict[object, list[_Runner]] = defaultdict(list)
"""By what traces them: a thread is measured, or not, as the test is that began it."""


class Scheduler:
    """The one clock of a world, in seconds since it began."""

    def __init__(self, tie: Callable[[], float]) -> None:
        self.now = 0.0
        self.current: Task | None = None
        self.tasks: list[Task] = []
        self.trouble: BaseException | None = None
        self.tie = tie
        self._queue: list[tuple[float, float, int, Task | Callable[[], None], int]] = []
        self._numbers = itertools.count()
        self._main = Lock()
        self._main.acquire()
        self._stopped = False

    # --------------------------------------------------------------------- for whoever arranges

    def at(self, when: float, call: Callable[[], None]) -> None:
        """Have something done at a time. It must not sleep."""
        self._push(max(when, self.now), call, 0)

    def spawn(self, name: str, work: Callable[[], None], owner: Any = None) -> Task:
        """Begin a task, now."""
        task = Task(name, work, owner)
        task.begun = self.now
        self.tasks.append(task)
        self._push(self.now, task, task.token)
        return task

    def kill(self, task: Task) -> None:
        """Let a task end where it stands, when it is its turn, which is now."""
        if not task.done and not task.dead:
            task.dead = True
            if task is not self.current:
                self.wake(task)

    def wake(self, task: Task) -> None:
        """Let a task that sleeps or waits go on now."""
        task.token += 1
        self._push(self.now, task, task.token)

    def run(self) -> None:
        """Run until somebody stops it, or nothing is left to do; then end every task."""
        self._stopped = False
        self._go_on()
        self._main.acquire()
        self._end_all()
        if self.trouble is not None:
            raise self.trouble

    def stop(self) -> None:
        """Let `run` return before anything else happens."""
        self._stopped = True

    def others_are_ready(self) -> bool:
        """Tell whether another task could go on at this very moment."""
        return any(
            when <= self.now and isinstance(what, Task) and not what.done and what.token == token
            for when, _, _, what, token in self._queue
        )

    # -------------------------------------------------------------------------------- for tasks

    def sleep(self, seconds: float) -> None:
        """Let time pass for the current task."""
        task = self._mine()
        task.token += 1
        self._push(self.now + seconds, task, task.token)
        self._yield(task)

    def wait(self) -> None:
        """Let the current task stand until it is woken."""
        self._yield(self._mine())

    # ------------------------------------------------------------------------------------ inside

    def _mine(self) -> Task:
        if self.current is None:
            raise AssertionError("only a task can sleep")
        return self.current

    def _push(self, when: float, what: Task | Callable[[], None], token: int) -> None:
        heapq.heappush(self._queue, (when, self.tie(), next(self._numbers), what, token))

    def _yield(self, task: Task) -> None:
        runner = task.runner
        if runner is None:
            raise AssertionError("a task that runs has a runner")
        if self._next() is not task:
            self._hand_over()
            runner.baton.acquire()
        if task.dead:
            raise Killed

    def _next(self) -> Task | None:
        """Do what is next in time until it is a task's turn; None: the main thread's."""
        self.current = None
        while self._queue and not self._stopped:
            when, _, _, what, token = heapq.heappop(self._queue)
            if isinstance(what, Task):
                if what.done or what.token != token:
                    continue
                self.now = max(self.now, when)
                self.current = what
                return what
            self.now = max(self.now, when)
            try:
                what()
            except BaseException as error:  # noqa: BLE001  told where `run` was called
                self.trouble = error
                self._stopped = True
        return None

    def _hand_over(self) -> None:
        task = self.current
        if task is None:
            self._main.release()
            return
        if task.runner is None:
            idle = _idle[gettrace()]
            task.runner = idle.pop() if idle else _Runner(idle)
            task.runner.scheduler, task.runner.task = self, task
        task.runner.baton.release()

    def _go_on(self) -> None:
        self._next()
        self._hand_over()

    def _live(self, task: Task) -> None:
        """Be the thread of a task, from its beginning to its end."""
        try:
            if not task.dead:
                task.work()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001  told where `run` was called
            self.trouble = error
            self._stopped = True
        task.done = True
        self.tasks.remove(task)
        if task.runner is not None:
            task.runner.pool.append(task.runner)
        self._go_on()

    def _end_all(self) -> None:
        """Let the threads of all tasks unwind, so that they can be lent again."""
        self._queue.clear()
        for task in list(self.tasks):
            task.dead = True
            if task.runner is None:
                task.done = True
                self.tasks.remove(task)
            else:
                self.wake(task)
        if self.tasks:
            self._stopped = False
            self._go_on()
            self._main.acquire()


class Pool(Executor):
    """A thread pool whose threads are tasks of whoever submits to it."""

    def __init__(self, scheduler: Scheduler, size: int) -> None:
        self._scheduler = scheduler
        self._free = size
        self._waiting: list[Callable[[], None]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        parent = self._scheduler.current
        future: _Result = _Result(self._scheduler, parent)

        def work() -> None:
            try:
                answer = fn(*args, **kwargs)
            except Exception as error:  # noqa: BLE001  as a real pool does
                if not future.cancelled():
                    future.set_exception(error)
            else:
                if not future.cancelled():
                    future.set_result(answer)
            future.tell()
            self._free += 1
            if self._waiting:
                self._begin(self._waiting.pop(0), parent)

        if self._free:
            self._begin(work, parent)
        else:
            self._waiting.append(work)
        return future

    def _begin(self, work: Callable[[], None], parent: Task | None) -> None:
        self._free -= 1
        owner = parent.owner if parent else None
        task = self._scheduler.spawn(f"{parent.name if parent else ''}+", work, owner)
        task.begun = parent.begun if parent else self._scheduler.now


class _Result(Future[Any]):
    """A future for which a task waits in virtual time."""

    def __init__(self, scheduler: Scheduler, parent: Task | None) -> None:
        super().__init__()
        self._scheduler = scheduler
        self._parent = parent
        self._is_awaited = False

    def tell(self) -> None:
        if self._is_awaited and self._parent is not None:
            self._scheduler.wake(self._parent)

    def result(self, timeout: float | None = None) -> Any:
        while not self.done():
            self._is_awaited = True
            self._scheduler.wait()
            self._is_awaited = False
        return super().result(timeout)
