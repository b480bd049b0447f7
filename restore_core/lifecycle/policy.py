"""May this request be served at all: the rules of RESTORE_ALLOW. Pure.

A rule is a pair, `source => target`: whoever may write to the queue can have a disk copied only
from where a rule says to where the same rule says, so no one copies a disk that they cannot read
into a group that they can.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from restore_core.contract.resource_ids import (
    ArmId,
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    InvalidId,
    ResourceGroupId,
    valid_segment,
)
from restore_core.errors import Problem
from restore_core.text import quoted

ANY: Final = "*"
SETTING: Final = "RESTORE_ALLOW"


@dataclass(frozen=True)
class Scope:
    """A scope of ARM: it holds every id that begins with its segments, whatever the case."""

    segments: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, *templates: str) -> Self:
        """Return the scope that `text` names, a whole-segment beginning of one of `templates`.

        Raise ValueError where it is none: a misspelt scope must not silently allow nothing.
        """
        if text == ANY:
            return cls(())
        segments = tuple(text.lower().rstrip("/").split("/"))
        if not any(_begins(template.split("/"), segments) for template in templates):
            raise ValueError(f"{quoted(text)} is no ARM scope that can stand on this side")
        return cls(segments)

    def holds(self, resource: str) -> bool:
        """Tell whether the ARM id `resource` is this scope or lies in it."""
        return tuple(resource.lower().split("/"))[: len(self.segments)] == self.segments

    @property
    def vault(self) -> BackupVaultId | None:
        """Return the backup vault that this scope is, or lies in; None where it is wider."""
        names = self.segments[: BackupVaultId.template.count("/") + 1]
        try:
            return BackupVaultId.parse("/".join(names))
        except InvalidId:
            return None

    @property
    def group(self) -> ResourceGroupId | None:
        """Return the resource group that this scope is, or lies in; None where it is wider."""
        names = self.segments[: ResourceGroupId.template.count("/") + 1]
        try:
            return ResourceGroupId.parse("/".join(names))
        except InvalidId:
            return None

    def lies_in(self, resource: str) -> bool:
        """Tell whether this scope is narrower than the ARM id `resource`."""
        inside = tuple(resource.lower().split("/"))
        return self.segments[: len(inside)] == inside


@dataclass(frozen=True)
class Rule:
    """Instances in `source` may be restored to disks in `target`."""

    source: Scope
    target: Scope

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the rule of `source => target`; raise ValueError with the reason."""
        source, arrow, target = (part.strip() for part in text.partition("=>"))
        if not arrow:
            raise ValueError(f"{quoted(text)} is no rule: it has no '=>'")
        return cls(
            Scope.parse(source, BackupInstanceId.template),
            Scope.parse(target, DiskId.template),
        )


@dataclass(frozen=True)
class Policy:
    """All rules of the setting; none of them means that nothing may be restored."""

    rules: Sequence[Rule] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the policy of RESTORE_ALLOW: rules separated by `;` or new lines.

        Raise ValueError naming the rule that is wrong.
        """
        parts = (part.strip() for part in text.replace("\n", ";").split(";"))
        return cls(tuple(Rule.parse(part) for part in parts if part))

    @property
    def vaults(self) -> list[BackupVaultId]:
        """Return the vaults that the sources of rules name, or name something inside, each once."""
        named = [rule.source.vault for rule in self.rules]
        return list(dict.fromkeys(vault for vault in named if vault is not None))

    def pairs(self, source: BackupInstanceId) -> bool:
        """Tell whether `source` may be restored to any place at all."""
        return any(rule.source.holds(str(source)) for rule in self.rules)

    def target_of(self, source: BackupInstanceId) -> ResourceGroupId | None:
        """Return the first group that a rule which holds `source` names; None where none does."""
        rules = (rule for rule in self.rules if rule.source.holds(str(source)))
        return next((group for rule in rules if (group := rule.target.group)), None)

    def refusal(
        self, source: BackupInstanceId | BackupVaultId, target: DiskId | ResourceGroupId
    ) -> Problem | None:
        """Return why `source` may not be restored to `target`, or None where a rule pairs them.

        Where only the instance's vault or the target's group is known yet, a rule for something
        inside it will do: the question is put again when the name is known.
        """
        if not self.rules:
            return _NO_RULES
        for rule in self.rules:
            if _fits(rule.source, source, BackupVaultId) and _fits(
                rule.target, target, ResourceGroupId
            ):
                return None
        return Problem(
            "NotAllowed",
            f"No rule of {SETTING} pairs the source {source} with the target {target}.",
            f"If this restore is wanted, add a rule 'source => target' to the app setting "
            f"{SETTING}, for example '{_vault_of(source)} => {_group_of(target)}', and send the "
            f"request again with a new requestId.",
        )


_NO_RULES: Final = Problem(
    "NotAllowed",
    f"The app setting {SETTING} is not set, so nothing may be restored.",
    f"Set {SETTING} to rules 'source => target', for example '/subscriptions/…/backupVaults/…"
    f" => /subscriptions/…/resourceGroups/…', and send the request again with a new requestId.",
)


def _begins(template: list[str], segments: tuple[str, ...]) -> bool:
    """Tell whether `segments` is a beginning of `template` that ends after a name."""
    named = len(segments) <= len(template) and template[len(segments) - 1].startswith("{")
    return named and all(
        valid_segment(expected.strip("{}"), actual)
        if expected.startswith("{")
        else expected.lower() == actual
        for expected, actual in zip(template, segments, strict=False)
    )


def _fits(scope: Scope, resource: ArmId, wide: type[ArmId]) -> bool:
    """Tell whether the scope holds `resource` or, where that is only `wide`, lies in it."""
    narrower = isinstance(resource, wide) and scope.lies_in(str(resource))
    return scope.holds(str(resource)) or narrower


def _vault_of(source: BackupInstanceId | BackupVaultId) -> BackupVaultId:
    return source.vault if isinstance(source, BackupInstanceId) else source


def _group_of(target: DiskId | ResourceGroupId) -> ResourceGroupId:
    return target.group if isinstance(target, DiskId) else target
