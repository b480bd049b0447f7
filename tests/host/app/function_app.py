"""A small app that does what it is told and writes down that it was called: for both hosts.

Each line of the file `DIARY` is one entry: when, in which process, which function, what it saw.
"""

import json
import os
import time
from datetime import UTC, datetime

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
CONNECTION = "AzureWebJobsStorage"


def note(function: str, what: str, **seen: object) -> None:
    entry = {"at": datetime.now(UTC).isoformat(), "pid": os.getpid(), "host": os.environ["NAME"]}
    line = json.dumps({**entry, "function": function, "what": what, **seen}) + "\n"
    with open(os.environ["DIARY"], "ab", buffering=0) as diary:  # noqa: PTH123 - one write a line.
        diary.write(line.encode())


def seen_of(message: func.QueueMessage) -> dict[str, object]:
    return {
        "id": message.id,
        "body": message.get_body().decode(),
        "dequeued": message.dequeue_count,
    }


@app.function_name("obey")
@app.queue_trigger("message", queue_name="orders", connection=CONNECTION)
def obey(message: func.QueueMessage) -> None:
    """Do what the message says: sleep (or only at the first call), die so many times, end well."""
    note("obey", "began", **seen_of(message))
    order = json.loads(message.get_body())
    if not order.get("once") or message.dequeue_count == 1:
        time.sleep(order.get("seconds", 0))
    if order.get("die", 0) >= (message.dequeue_count or 0):
        os._exit(1)
    note("obey", "ended", **seen_of(message))


@app.function_name("echo")
@app.queue_trigger("message", queue_name="bodies", connection=CONNECTION)
def echo(message: func.QueueMessage) -> None:
    note("echo", "began", **seen_of(message))


@app.function_name("refuse")
@app.queue_trigger("message", queue_name="refused", connection=CONNECTION)
def refuse(message: func.QueueMessage) -> None:
    note("refuse", "began", **seen_of(message))
    raise ValueError("never")


@app.function_name("refuse_poisoned")
@app.queue_trigger("message", queue_name="worse-poison", connection=CONNECTION)
def refuse_poisoned(message: func.QueueMessage) -> None:
    note("refuse_poisoned", "began", **seen_of(message))
    raise ValueError("never")


@app.function_name("await_queue")
@app.queue_trigger("message", queue_name="made-late", connection=CONNECTION)
def await_queue(message: func.QueueMessage) -> None:
    note("await_queue", "began", **seen_of(message))


@app.function_name("crowd")
@app.queue_trigger("message", queue_name="crowded", connection=CONNECTION)
def crowd(message: func.QueueMessage) -> None:
    note("crowd", "began", **seen_of(message))
    time.sleep(0.5)
    note("crowd", "ended", **seen_of(message))


@app.function_name("tick")
@app.timer_trigger("timer", schedule="%SCHEDULE%")
def tick(timer: func.TimerRequest) -> None:
    note("tick", "began", past_due=timer.past_due)


@app.function_name("answer")
@app.route("things/{id}", trigger_arg_name="request", methods=["GET", "PUT"])
def answer(request: func.HttpRequest) -> func.HttpResponse:
    if request.params.get("fail"):
        raise ValueError("a secret")
    seen = {
        "method": request.method,
        "id": request.route_params["id"],
        "query": request.params.get("q"),
        "body": request.get_body().decode(),
        "asked": request.headers.get("x-asked"),
    }
    return func.HttpResponse(json.dumps(seen), status_code=201, headers={"X-Made": "yes"})


@app.function_name("open_door")
@app.route("open", trigger_arg_name="request", auth_level=func.AuthLevel.ANONYMOUS)
def open_door(request: func.HttpRequest) -> str:  # noqa: ARG001 - bound by name.
    return "text"
