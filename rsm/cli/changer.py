"""`rsm changer`: a device itself, asked through its driver, without the store and without moving anything."""

from __future__ import annotations

from rsm.cli import grammar, nouns, words

TYPE_CHECKING = False  # as typing has it; importing typing would cost every listing 2 ms
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from rsm.hardware.contract import Changer
    from rsm.hardware.inventory import Capabilities, DeviceIdentity, ElementReport

_COLUMNS = ("address", "kind", "state", "tag", "source", "serial", "note")

_ABILITIES = (
    ("reads_volume_tags", "reads bar codes"),
    ("rotates", "turns media over"),
    ("exchanges", "exchanges"),
    ("initialises", "looks anew on request"),
    ("positions", "positions"),
    ("locks", "locks its doors"),
    ("moves", "moves media"),
)

_STATUS = """\
Shows every element as the device reports it now. ADDRESS and SOURCE are SMC-3
element addresses, not slot numbers."""


def configure(parser: ArgumentParser) -> None:
    """Add the verbs of `rsm changer`; `decode` is a driver's and only named here."""
    verbs = grammar.Verbs(parser)
    verbs.add(
        "status",
        _status,
        "show the elements of a changer as it reports them",
        _device,
        details=_STATUS,
        store=False,
    )
    verbs.add("inquiry", _inquiry, "show who a device says it is, and what it can do", _device, store=False)
    for (noun, word), (_, summary) in nouns.VERBS.items():
        if noun == "changer":
            verbs.promise(word, summary)


def _device(parser: ArgumentParser) -> None:
    parser.add_argument("device", metavar="DEVICE", help="such as /dev/sg3 or mock:PATH.json")


def run(arguments: Namespace) -> int:
    """Carry out the verb that was named."""
    status: int = arguments.action(arguments)
    return status


def _opened(arguments: Namespace) -> Changer:
    from rsm.clock import SystemClock
    from rsm.hardware import registry

    return registry.open_changer(arguments.device, arguments.clock or SystemClock())


def _status(arguments: Namespace) -> int:
    from rsm.cli import render

    with _opened(arguments) as changer:
        identity, capabilities, seen = changer.identity, changer.capabilities, changer.inventory()
    if arguments.json:
        render.json_value(
            {
                "device": arguments.device,
                "identity": identity,
                "capabilities": capabilities,
                "elements": seen.elements,
                "warnings": seen.warnings,
            }
        )
        return 0
    print(words.clean(_who(identity)))
    render.table(_COLUMNS, (tuple(_row(element)) for element in seen.elements), _COLUMNS)
    render.warn(seen.warnings)
    return 0


def _who(identity: DeviceIdentity) -> str:
    serial = f", serial {identity.serial}" if identity.serial else ", no serial number"
    return f"{identity.vendor} {identity.product}, revision {identity.revision or '-'}{serial}"


def _row(element: ElementReport) -> Iterator[object]:
    yield element.address
    yield words.enumerated(element.kind).replace("import export", "import/export")
    yield _state(element)
    yield element.volume_tag
    yield element.source
    yield element.drive_serial
    yield ", ".join(_notes(element))


def _state(element: ElementReport) -> str:
    if element.exception is not None and element.exception.absent:
        return "absent"
    if element.full is None:
        return "unknown"
    return "full" if element.full else "empty"


def _notes(element: ElementReport) -> Iterator[str]:
    if element.exception is not None:
        yield f"{element.exception.meaning} ({element.exception.asc:02X}/{element.exception.ascq:02X})"
    if element.disabled:
        yield "disabled"
    if element.accessible is False:
        yield "not accessible to the robot"
    if element.inverted:
        yield "turned over"
    if element.medium.value not in {"unspecified", "data"}:
        yield f"{element.medium.value} medium"
    if element.by_operator:
        yield "put there by hand"
    if element.alternate_tag:
        yield f"alternate tag {element.alternate_tag}"


def _inquiry(arguments: Namespace) -> int:
    from rsm.cli import render

    with _opened(arguments) as changer:
        identity, capabilities = changer.identity, changer.capabilities
    if arguments.json:
        render.json_value({"device": arguments.device, "identity": identity, "capabilities": capabilities})
        return 0
    render.facts(
        (
            ("device", arguments.device),
            ("vendor", identity.vendor),
            ("product", identity.product),
            ("revision", identity.revision),
            ("serial", identity.serial or None),
            ("can", _abilities(capabilities)),
        )
    )
    return 0


def _abilities(capabilities: Capabilities) -> str:
    return (
        ", ".join(text for name, text in _ABILITIES if getattr(capabilities, name)) or "nothing it tells of"
    )
