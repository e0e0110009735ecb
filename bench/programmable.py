"""The row of RCML: a call with one document, one `<Number>`, and four callbacks."""

from __future__ import annotations

import sys
import urllib.request

from bench.daemon import ROOT, Daemon
from bench.plan import Entry, Plan, interleaved
from bench.processes import LOADING_CORE, LostRunError, Programs, processor, stage, until
from bench.signalling import missing, ours
from bench.sipp import Callee, Caller, Load
from bench.table import OURS, Table

RATE = 50.0
CALLBACKS = 4
NUMBER = "+15550000001"


def call(table: Table, plan: Plan) -> None:
    """Measure the processor of an RCML call, until its last callback is out."""
    row = table.row(f"an RCML call, four callbacks: processor, ms, at {RATE:.0f} calls/s", "4.0")
    entry = Entry(OURS, missing(ours()), lambda: [_once(Load(RATE, plan.call_seconds))])
    interleaved(row, [entry], plan.runs)


class Application:
    """The customer's web server, in a process of its own."""

    def __init__(self, programs: Programs) -> None:
        command = [sys.executable, "-m", "bench.application", NUMBER]
        python = {"PYTHONPATH": str(ROOT)}
        program = programs.start(
            "application", command, LOADING_CORE, environment=python, is_piped=True
        )
        line = program.line()
        if not line.isdigit():
            raise LostRunError(f"the application: {program.told()}")
        self.url = f"http://127.0.0.1:{line}"

    def told(self) -> int:
        """Return how many callbacks have come."""
        with urllib.request.urlopen(f"{self.url}/told", timeout=5) as reply:
            return int(reply.read())


def _once(load: Load) -> float:
    with stage() as programs:
        application, callee = Application(programs), Callee(programs)
        daemon = Daemon(programs, callee.port, voice_url=f"{application.url}/voice")
        _play(programs, daemon, application, Load(RATE / 2, 1, load.hold))
        used = processor([daemon.program.pid])
        _play(programs, daemon, application, load)
        return 1000 * (processor([daemon.program.pid]) - used) / load.calls


def _play(programs: Programs, daemon: Daemon, application: Application, load: Load) -> None:
    due = application.told() + CALLBACKS * load.calls
    caller = Caller(programs, daemon.port, load)
    caller.finish()
    answered = caller.totals()["SuccessfulCall"]
    if answered < 0.99 * load.calls:
        raise LostRunError(f"only {answered} of {load.calls} calls went through")
    lost = due - CALLBACKS * (load.calls - answered)
    until(lambda: application.told() >= lost, 30, "callbacks are missing")
