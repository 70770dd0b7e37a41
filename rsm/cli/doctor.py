"""`rsm doctor`: what is wrong with this host's set-up, and how to mend it. Nothing is changed or sent."""

from __future__ import annotations

from rsm.cli import grammar, words

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_DETAILS = """\
Looks at modules, devices, rights, udev, leases and the store, and says of
each whether it is well, with the next step where it is not. No device is
opened, nothing is changed. The exit status is 0 if there is no problem, else
1; warnings alone do not count."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `rsm doctor`."""
    parser.description = grammar.described("tell what is wrong with this host's set-up", _DETAILS)
    grammar.with_common(parser)


def run(arguments: Namespace) -> int:
    """Print the findings; the status is 1 if one of them is a problem."""
    from rsm.cli import render
    from rsm.cli.checks import Level, examine
    from rsm.cli.checks.host import this_host
    from rsm.clock import SystemClock

    host = this_host(arguments.store, arguments.clock or SystemClock())
    worst = 0
    if arguments.json:
        findings = tuple(examine(host))
        render.json_array(
            ("check", "level", "text", "next"), ((f.check, f.level.value, f.text, f.hint) for f in findings)
        )
        return 1 if any(finding.level is Level.PROBLEM for finding in findings) else 0
    for finding in examine(host):
        level = finding.level.value
        print(words.clean(f"{level:<8} {finding.check}: {finding.text}"), flush=True)
        if finding.hint is not None:
            print(words.clean(f"{'':<8} next: {finding.hint}"), flush=True)
        worst = max(worst, finding.level is Level.PROBLEM)
    return worst
