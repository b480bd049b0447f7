"""`purge`: results and ended restores that nobody needs any more."""

from __future__ import annotations

from typing import Annotated

import typer

from restore_core.reading.wanted import moment_of
from restore_core.text import utc_text
from restorectl import options, screen
from restorectl.exits import Exit, Trouble
from restorectl.purging import LEAST_AGE, Purge
from restorectl.session import explained, opened


def purge(
    before: Annotated[
        str,
        typer.Option(
            "--before", metavar="WHEN", help="Older than: 90d, or a day (8 days at least)."
        ),
    ],
    account: options.Account = "",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count; delete nothing.")] = False,
    yes: options.Yes = False,
) -> None:
    """Delete results and restores that ended before; never what is outstanding. Repeat at will.

    With a restore goes the memory of its requestId: the same message again would be a new restore.
    """
    session = opened(account)
    now = session.clock()
    to = screen.console(errors=True)
    with explained():
        limit = moment_of(before, now, "--before")
        if limit > now - LEAST_AGE:
            raise Trouble(
                f"--before {before} is too young: {LEAST_AGE.days} days are the least.",
                "A message lives seven days, and would be restored again without its row.",
                Exit.USAGE,
            )
        job = Purge(session.table_service, session.tables, limit)
        found = job.counted()
        if found.outstanding:
            to.print(f"{found.outstanding} are kept: they are outstanding, or followed.")
        if not found.rows:
            to.print(f"Nothing ended before {utc_text(limit)}.")
            return
        what = f"{found.rows} results of {found.days} days since {found.first}, and their restores"
        if dry_run:
            to.print(f"Would delete {what}.")
            return
        screen.confirmed(f"Delete {what}?", yes=yes)
        left = job.run(lambda gone: to.print(f"{gone} of {found.rows} are gone."))
    if left:
        to.print(f"{left} are left: they still owe something, or were changed meanwhile.")
