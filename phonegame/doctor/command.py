"""`phonegame doctor`"""

from __future__ import annotations

import click
import trio
from rich.console import Console

from phonegame.doctor.examination import examine
from phonegame.doctor.finding import Finding
from phonegame.doctor.report import as_json, is_well, show, show_summary
from phonegame.logs import set_up_logs
from phonegame.settings import Settings


@click.command()
@click.option("--offline", is_flag=True, help="Check only what is on this machine.")
@click.option("--json", "for_programs", is_flag=True, help="Print the findings as JSON.")
def doctor(offline: bool, for_programs: bool) -> None:
    """Check settings, keys, addresses and this machine, and say how to mend them.

    Run it where the server runs, while it runs. The status is 1 where there is a fault. A word is spoken by the voice,
    which costs as much as a word, and a media stream is opened and closed again; nothing is changed anywhere.
    """
    set_up_logs(level="critical")
    findings = trio.run(_examine, offline, None if for_programs else Console(highlight=False))
    if for_programs:
        click.echo(as_json(findings))
    raise SystemExit(0 if is_well(findings) else 1)


async def _examine(offline: bool, console: Console | None) -> list[Finding]:
    findings: list[Finding] = []

    def tell(finding: Finding) -> None:
        findings.append(finding)
        if console is not None:
            show(finding, console)

    await examine(Settings.load, tell, offline=offline)
    if console is not None:
        show_summary(findings, console)
    return findings
