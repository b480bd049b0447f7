"""What `az dataprotection` takes: a table, for its own parser cannot be had here.

The extension comes from Microsoft's index of extensions alone, which is no registry of packages.
So this is written down from its reference in Microsoft's documentation, for the commands that the
pages show and the advice prints; what is not in the table is no command.
"""

import argparse
from collections.abc import Sequence
from typing import Final, NoReturn

GROUP: Final = "dataprotection"

_VAULT: Final = ["--resource-group -g", "--vault-name -v"]
_INSTANCE: Final = "--backup-instance-name --name -n"
_PAGES: Final = ["--max-items", "--next-token"]
# Needed options, each with its other names, then those that may be left out.
_COMMANDS: Final[dict[str, tuple[list[str], list[str]]]] = {
    "backup-instance list": (_VAULT, _PAGES),
    "backup-instance deleted-backup-instance list": (_VAULT, _PAGES),
    "backup-instance deleted-backup-instance undelete": ([*_VAULT, _INSTANCE], ["--no-wait"]),
    "backup-instance restore initialize-for-data-recovery": (
        ["--datasource-type", "--restore-location", "--source-datastore"],
        ["--backup-instance-id", "--point-in-time", "--recovery-point-id", "--target-resource-id"],
    ),
    "backup-instance restore trigger": (
        [*_VAULT, _INSTANCE, "--restore-request-object"],
        ["--no-wait"],
    ),
    "backup-vault show": (_VAULT, []),
    "recovery-point list": ([*_VAULT, "--backup-instance-name"], [*_PAGES, "--filter"]),
}
_EVERYWHERE: Final = ["--output -o", "--query", "--subscription"]
_CHOICES: Final = {"--datasource-type": ["AzureDisk"], "--source-datastore": ["OperationalStore"]}
_FLAGS: Final = {"--no-wait"}


def complaint(words: Sequence[str]) -> str:
    """Return what is wrong with the words of an `az dataprotection`, "" if nothing."""
    name = " ".join(words[1 : next((n for n, w in enumerate(words) if w[0] == "-"), len(words))])
    if name not in _COMMANDS:
        return f"{name!r} is no command of the extension, as far as the table knows it"
    try:
        _parser(*_COMMANDS[name]).parse_args(words[1 + len(name.split()) :])
    except ValueError as error:
        return str(error)
    return ""


def knows(name: str) -> bool:
    """Tell whether this is a command of the extension, or a group of them."""
    known = {f"{GROUP} {one}" for one in _COMMANDS}
    return any(one == name or one.startswith(f"{name} ") for one in known)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def _parser(needed: list[str], optional: list[str]) -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    for option in [*needed, *optional, *_EVERYWHERE]:
        names = option.split()
        if names[0] in _FLAGS:
            parser.add_argument(*names, action="store_true")
        else:
            choices = _CHOICES.get(names[0])
            parser.add_argument(*names, required=option in needed, choices=choices)
    return parser
