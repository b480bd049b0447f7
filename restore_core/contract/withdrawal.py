"""The message that takes back another: whose restore is not wanted any more. Pure.

It asks for an end, and never for a restore: no field of a request may stand in it, so that no
reader takes the one for the other.
"""

from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from restore_core.contract import values
from restore_core.contract.faults import MAX_FAULTS_TOLD, all_of, told, usable_id
from restore_core.errors import MalformedRequest
from restore_core.text import quoted

WITHDRAW: Final = "withdraw"
"""The field that makes a message a withdrawal, whatever it holds."""


class Withdrawal(BaseModel):
    """Which request or set is withdrawn, by whom and why; immutable."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=False,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        json_schema_extra={"patternProperties": {r"^\$": True}},
    )

    request_id: values.RequestId = Field(alias=WITHDRAW)
    """The requestId of the request, or of the set, to withdraw: whatever of it has not been asked
    of Azure ends Cancelled."""

    requested_by: values.Carried = None
    """Who withdraws it. Carried to the result, cut at 1,024 characters."""

    reason: values.Carried = None
    """Why. Carried to the result, cut at 1,024 characters."""

    @classmethod
    def from_fields(cls, fields: dict[str, Any], *, they: str = "The message is") -> Self:
        """Return the withdrawal of decoded JSON; raise MalformedRequest naming what is wrong.

        `they` begins the reason: where the fields were taken from.
        """
        fields = {name: value for name, value in fields.items() if _means_something(name, value)}
        try:
            _require_alone(fields)
            return cls.model_validate(fields)
        except ValidationError as error:
            faults = " ".join(told(fault, _FIELDS) for fault in error.errors(include_url=False))
        except ValueError as error:
            faults = str(error)
        raise MalformedRequest(f"{they} no withdrawal. {faults}", usable_id(fields, WITHDRAW))


_FIELDS: Final = {
    name.lower(): name for name in (WITHDRAW, *map(to_camel, ("requested_by", "reason")))
}
_MAY_BE_EMPTY: Final = {*_FIELDS.values()} - {WITHDRAW}
"""Where null and "" mean absent, as in a request."""


def _means_something(name: str, value: object) -> bool:
    return not name.startswith("$") and (name not in _MAY_BE_EMPTY or value not in (None, ""))


def _require_alone(fields: dict[str, Any]) -> None:
    others = [quoted(name) for name in fields if name not in _FIELDS.values()]
    if others:
        few = others[:MAX_FAULTS_TOLD]
        told_of = all_of(others) if few == others else ", ".join((*few, "…"))
        raise ValueError(
            f"{told_of} cannot stand beside withdraw, "
            "which takes requestedBy and reason alone: leave out the one or the other."
        )
