"""The words that can follow `rsm`: a static table, so that `rsm --help` loads nothing else.

A command is a module with `configure(parser)`, which adds its arguments, and `run(arguments)`, which gives
the exit status. Ours and the drivers' have the same shape; a driver's is imported only when it is named.
"""

from __future__ import annotations

GROUPS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Start here",
        (
            (
                "demo",
                "rsm.cli.demo",
                "play a whole session on a simulated library",
            ),
            ("where", "rsm.cli.where", "tell where a medium is"),
            ("events", "rsm.cli.events", "tell what happened, newest last"),
        ),
    ),
    (
        "Libraries",
        (
            ("discover", "rsm.cli.discover", "find the changers and drives of this machine"),
            ("library", "rsm.cli.library", "add, list, show, inventory, remove libraries"),
            ("drive", "rsm.cli.drive", "list the drives and what is in them"),
            ("changer", "rsm.cli.changer", "ask a device itself, without the store: status, inquiry, decode"),
            ("mock", "rsm_mock.command", "simulated libraries: create, show, insert, remove and more"),
        ),
    ),
    (
        "Media",
        (
            ("media", "rsm.cli.media", "list, show media; move them between pools; list media types"),
            ("pool", "rsm.cli.pool", "create, list, show, set, delete media pools"),
            (
                "allocate",
                "rsm.cli.allocate",
                "take a medium from a pool; prints its logical medium id (LMID)",
            ),
            ("deallocate", "rsm.cli.deallocate", "give an allocated medium back"),
            ("mount", "rsm.cli.mount", "bring a medium into a drive; prints the device node to open"),
            ("dismount", "rsm.cli.dismount", "put a mounted medium back into its slot"),
        ),
    ),
    (
        "This program",
        (
            ("doctor", "rsm.cli.doctor", "tell what is wrong with this host's set-up, and how to mend it"),
            ("udev", "rsm.cli.udev", "show, install the rules that give devices stable names and access"),
            ("version", "rsm.cli.version", "tell the versions of rsm, Python and SQLite"),
        ),
    ),
)
"""Groups of (word, module, summary), in the order in which the help shows them."""

VERBS: dict[tuple[str, str], tuple[str, str]] = {
    ("changer", "decode"): ("rsm_scsi.decode_command", "decode a captured reply from a file of hex digits"),
}
"""Verbs of our nouns that a driver provides: (noun, verb) to (module, summary)."""

COMMANDS: dict[str, tuple[str, str]] = {
    word: (module, summary) for _, commands in GROUPS for word, module, summary in commands
}

STATUSES: tuple[tuple[int, str], ...] = (
    (0, "done"),
    (1, "failed for another reason"),
    (2, "the request makes no sense"),
    (3, "not found"),
    (4, "refused, or no access"),
    (5, "unavailable now, or timed out"),
    (6, "the device failed"),
    (7, "the store failed"),
    (125, "mount -- CMD: rsm failed"),
    (126, "mount -- CMD: CMD cannot be run"),
    (127, "mount -- CMD: no such CMD"),
    (130, "interrupted"),
    (141, "the reader of the output left"),
)
"""Every exit status that is rsm's own; `rsm mount WHAT -- CMD` otherwise passes on that of CMD."""

USAGE = "rsm [--store PATH] COMMAND ..."

DESCRIPTION = """\
rsm knows what is in your tape libraries and jukeboxes, gives media to
applications out of pools, and moves them into drives."""

NAMES = """\
A medium is named by its bar code, or by its id or the beginning of its id;
BARCODE:2 is its second side. A logical medium is named by its id (LMID).
`rsm COMMAND --help` tells the rest; --json is for programs."""

STORE_HELP = "the store to use; else $RSM_STORE, else the system's or your own"


def commands_text() -> str:
    """Give the commands by group, with their summaries."""
    width = max(len(word) for word in COMMANDS) + 2
    blocks = []
    for title, commands in GROUPS:
        lines = [f"  {word.ljust(width)}{summary}" for word, _, summary in commands]
        blocks.append("\n".join([title + ":", *lines]))
    return "\n\n".join(blocks)


def statuses_text() -> str:
    """Give the exit statuses, two columns of them."""
    half = (len(STATUSES) + 1) // 2
    lines = []
    for row, (number, meaning) in enumerate(STATUSES[:half]):
        left = f"  {number:>3}  {meaning}"
        right = STATUSES[half + row : half + row + 1]
        lines.append(left.ljust(38) + f"{right[0][0]:>3}  {right[0][1]}" if right else left)
    return "\n".join(lines)


def help_text() -> str:
    """Give what `rsm --help` prints."""
    return f"""\
usage: {USAGE}

{DESCRIPTION}

{commands_text()}

Options:
  --store PATH  {STORE_HELP}
  --version     the same as `rsm version`
  --help        this text

{NAMES}

Exit status (`rsm mount WHAT -- CMD` passes on that of CMD):
{statuses_text()}
"""
