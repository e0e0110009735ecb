"""Write docs/states.md from the state tables themselves: `python docs/states.py`.

What a table drops is named in one line for each state; what has no row raises
`ImpossibleInputError`, and is named too, so that the page says all that a table says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from b2bua.call import branch, bridge, caller, record
from b2bua.machine import ignore
from b2bua.sip.dialog import offer_answer, reliable, transfer, wire
from b2bua.sip.dialog import usage as usage_
from b2bua.sip.registrar import client as registration
from b2bua.sip.transaction import client, invite_client, invite_server, server
from b2bua.webhooks import circuit

PAGE = Path(__file__).with_suffix(".md")

HEAD = """\
# States

Every state machine of b2bua, written by `python docs/states.py` from the tables that run. Do not
edit this page: a test compares it with the tables.

A machine is a table from (state, input) to (next state, action);
[architecture.md](architecture.md#words-effects-tables) says how they are used. An action is a
function of the module; here it goes by its name and the first line of its docstring. *Dropped*
inputs have a row that does nothing. *Impossible* ones have no row: no peer can cause them, and our
own code raises `ImpossibleInputError`, a defect, if it does.
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """One table; `begins` are the states that a record may be made in."""

    title: str
    source: str
    about: str
    table: Mapping[tuple[Any, Any], tuple[Any, Any]]
    states: type[Enum]
    inputs: type[Enum]
    begins: tuple[Enum, ...]


MACHINES = (
    Machine(
        "INVITE client transaction",
        "b2bua/sip/transaction/invite_client.py",
        "RFC 3261 figure 5, changed by RFC 6026.",
        invite_client.TABLE,
        invite_client.State,
        invite_client.Input,
        (invite_client.State.CALLING,),
    ),
    Machine(
        "INVITE server transaction",
        "b2bua/sip/transaction/invite_server.py",
        "RFC 3261 figure 7, changed by RFC 6026.",
        invite_server.TABLE,
        invite_server.State,
        invite_server.Input,
        (invite_server.State.PROCEEDING,),
    ),
    Machine(
        "Client transaction",
        "b2bua/sip/transaction/client.py",
        "RFC 3261 figure 6: any request but INVITE.",
        client.TABLE,
        client.State,
        client.Input,
        (client.State.TRYING,),
    ),
    Machine(
        "Server transaction",
        "b2bua/sip/transaction/server.py",
        "RFC 3261 figure 8: any request but INVITE.",
        server.TABLE,
        server.State,
        server.Input,
        (server.State.TRYING,),
    ),
    Machine(
        "Session",
        "b2bua/sip/dialog/wire.py",
        "One INVITE usage: the sum of the tables in `outgoing.py` (it begins in IDLE), "
        "`incoming.py` (it begins in INVITED) and `established.py`.",
        wire.TABLE,
        usage_.State,
        usage_.Input,
        (usage_.State.IDLE, usage_.State.INVITED),
    ),
    Machine(
        "Our registration with a trunk",
        "b2bua/sip/registrar/client.py",
        "RFC 3261 section 10.2, with the pauses of RFC 5626 section 4.5.",
        registration.TABLE,
        registration.State,
        registration.Input,
        (registration.State.IDLE,),
    ),
    Machine(
        "Offer and answer",
        "b2bua/sip/dialog/offer_answer.py",
        "Whose turn it is to re-offer (RFC 3261 section 14, RFC 3264, RFC 3311); "
        "the rows for UPDATE are in `update.py`.",
        offer_answer.TABLE,
        offer_answer.State,
        offer_answer.Input,
        (offer_answer.State.STABLE,),
    ),
    Machine(
        "Reliable provisional responses",
        "b2bua/sip/dialog/reliable.py",
        "A UAS whose caller requires 100rel (RFC 3262).",
        reliable.TABLE,
        reliable.State,
        reliable.Input,
        (reliable.State.CLEAR,),
    ),
    Machine(
        "Transfer",
        "b2bua/sip/dialog/transfer.py",
        "A REFER of the peer and its subscription (RFC 3515).",
        transfer.TABLE,
        transfer.State,
        transfer.Input,
        (transfer.State.IDLE,),
    ),
    Machine(
        "Caller",
        "b2bua/call/caller.py",
        "What the caller's leg has been told.",
        caller.TABLE,
        caller.State,
        caller.Input,
        (caller.State.OFFERED, caller.State.DIALLED),
    ),
    Machine(
        "Branch",
        "b2bua/call/branch.py",
        "One leg of a fork.",
        branch.TABLE,
        branch.State,
        branch.Input,
        (branch.State.WAITING,),
    ),
    Machine(
        "Bridge",
        "b2bua/call/bridge.py",
        "Two legs joined, and the re-offer that passes between them.",
        bridge.TABLE,
        bridge.State,
        bridge.Input,
        (bridge.State.STEADY,),
    ),
    Machine(
        "Record",
        "b2bua/call/record.py",
        "What the application is told of one leg, and in which order.",
        record.TABLE,
        record.Progress,
        record.Happening,
        (record.Progress.NEW,),
    ),
    Machine(
        "Circuit",
        "b2bua/webhooks/circuit.py",
        "Whether a host that keeps failing is asked at all.",
        circuit.TABLE,
        circuit.State,
        circuit.Input,
        (circuit.State.CLOSED,),
    ),
)


def page() -> str:
    """Return the whole page."""
    contents = " · ".join(f"[{machine.title}](#{_anchor(machine.title)})" for machine in MACHINES)
    return "\n".join([HEAD, contents, *(line for m in MACHINES for line in _section(m)), ""])


def _section(machine: Machine) -> Iterator[str]:
    yield ""
    yield f"## {machine.title}"
    yield ""
    yield f"[`{machine.source}`](../{machine.source}). {machine.about}"
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield from _diagram(machine)
    yield "```"
    for state in machine.states:
        yield ""
        yield from _state(machine, state)


def _diagram(machine: Machine) -> Iterator[str]:
    for state in machine.begins:
        yield f"    [*] --> {state.name}"
    arrows: dict[tuple[str, str], list[str]] = {}
    for state in machine.states:
        for input_, (next_state, action) in _rows(machine, state):
            if action is not ignore or next_state is not state:
                arrows.setdefault((state.name, next_state.name), []).append(input_.name)
    for (source, target), inputs in arrows.items():
        yield f"    {source} --> {target} : {'<br>'.join(inputs)}"
    for state in machine.states:
        if all(source != state.name or target == state.name for source, target in arrows):
            yield f"    {state.name} --> [*]"


def _state(machine: Machine, state: Enum) -> Iterator[str]:
    yield f"**{state.name}**"
    yield ""
    rows = list(_rows(machine, state))
    if not rows:
        yield "Over: it is forgotten, and no input comes here."
        return
    acting = [row for row in rows if row[1][1] is not ignore or row[1][0] is not state]
    if acting:
        yield "| input | next state | action |"
        yield "|---|---|---|"
        for input_, (next_state, action) in acting:
            yield f"| {input_.name} | {next_state.name} | {_told(action)} |"
        yield ""
    dropped = [input_.name for input_, row in rows if row == (state, ignore)]
    known = {input_ for input_, _ in rows}
    impossible = [input_.name for input_ in machine.inputs if input_ not in known]
    yield f"Dropped: {_listed(dropped)}. Impossible: {_listed(impossible)}."


def _rows(machine: Machine, state: Enum) -> Iterator[tuple[Enum, tuple[Enum, Any]]]:
    for input_ in machine.inputs:
        row = machine.table.get((state, input_))
        if row is not None:
            yield input_, row


def _told(action: Any) -> str:
    if action is ignore:
        return "nothing"
    name = f"`{action.__name__.strip('_')}`"
    about = (action.__doc__ or "").strip().partition("\n")[0]
    return f"{name}: {about}" if about else name


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
