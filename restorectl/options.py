"""The options that several commands have, each with one name and one meaning."""

from __future__ import annotations

from typing import Annotated

import typer

from restorectl.screen import Format

Account = Annotated[
    str,
    typer.Option(
        "--account",
        "-a",
        help="The app's storage account. Else RESTORECTL_ACCOUNT, the config file, azd's "
        "environment.",
        metavar="NAME",
    ),
]
Output = Annotated[
    Format, typer.Option("--output", "-o", help="table, wide, json or tsv.", case_sensitive=False)
]
Since = Annotated[
    str, typer.Option("--since", help="How far back: 24h, 7d, or a time.", metavar="WHEN")
]
Until = Annotated[
    str, typer.Option("--until", help="Accepted before: 1h, or a time.", metavar="WHEN")
]
InVault = Annotated[
    str, typer.Option("--vault", help="Only of this backup vault: name or ARM id.", metavar="VAULT")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Timeout = Annotated[
    float, typer.Option("--timeout", help="Minutes to wait for the end.", min=0, metavar="MINUTES")
]
Every = Annotated[
    float, typer.Option("--every", help="Seconds between two looks.", min=0.1, max=3600)
]
