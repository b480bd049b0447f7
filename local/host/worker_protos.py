"""Stand-ins for the messages between the Functions host and a Python worker.

The real ones are made by protobuf and live in the platform's image, not on PyPI. The worker library
takes whatever module it is given as `protos`; these have the names and fields it uses, no more.
"""

from __future__ import annotations

import builtins  # noqa: TC003 - a name that a field here has, too.
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass
class RpcException:
    """Why something failed."""

    message: str = ""
    stack_trace: str = ""
    source: str = ""


@dataclass
class StatusResult:
    """How something ended."""

    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1
    status: int = Success
    exception: RpcException | None = None


@dataclass
class RpcHttp:
    """A request of HTTP, or the answer to one."""

    method: str = ""
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    body: TypedData | None = None
    status_code: str = ""
    cookies: Any = None
    enable_content_negotiation: bool = False


@dataclass
class TypedData:
    """One value, in exactly one of its forms."""

    string: str | None = None
    json: str | None = None
    bytes: builtins.bytes | None = None
    http: RpcHttp | None = None

    def WhichOneof(self, _name: str) -> str | None:  # noqa: N802 - protobuf's name.
        """Return the name of the form that is set."""
        return next((n for n, value in vars(self).items() if value is not None), None)


@dataclass
class ParameterBinding:
    """One argument."""

    name: str
    data: TypedData

    def WhichOneof(self, _name: str) -> str:  # noqa: N802 - protobuf's name.
        """Return the name of the form that is set."""
        return "data"


@dataclass
class BindingInfo:
    """One binding of a function."""

    inout: ClassVar[int] = 2
    out: ClassVar[int] = 1
    undefined: ClassVar[int] = 0
    type: str
    data_type: int | None
    direction: int


@dataclass
class RpcFunctionMetadata:
    """What the worker tells about one function."""

    name: str
    function_id: str
    raw_bindings: list[str]
    bindings: dict[str, BindingInfo]
    directory: str
    script_file: str
    entry_point: str
    language: str
    is_proxy: bool
    managed_dependency_enabled: bool
    retry_options: Any
    properties: dict[str, str]


@dataclass
class WorkerMetadata:
    """What the worker tells about itself."""

    runtime_name: str
    runtime_version: str
    worker_version: str
    worker_bitness: str
    custom_properties: dict[str, str]


@dataclass
class WorkerInitResponse:
    """The worker has indexed the app, or says why not."""

    result: StatusResult
    capabilities: dict[str, str] = field(default_factory=dict)
    worker_metadata: WorkerMetadata | None = None


@dataclass
class FunctionMetadataResponse:
    """The functions that the worker found."""

    result: StatusResult
    function_metadata_results: list[RpcFunctionMetadata] | None
    use_default_metadata_indexing: bool


@dataclass
class FunctionLoadResponse:
    """The worker is ready to call a function."""

    result: StatusResult
    function_id: str


@dataclass
class InvocationResponse:
    """How an invocation ended."""

    result: StatusResult
    invocation_id: str
    return_value: Any = None
    output_data: list[Any] = field(default_factory=list)
