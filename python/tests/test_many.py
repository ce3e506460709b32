"""Many runs waited for at once: all of them, or one after another as they end."""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import pickle
import threading
import time
from typing import Any

import pytest
from conftest import requests, until
from nomkit import AgentRun, AsyncAgentRun, Emulator, InvalidInputError, Nomic, NomkitError, RunOutcome, errors
from nomkit.records import Progress


def mixed(nomic: Nomic, emulator: Emulator) -> list[AgentRun]:
    """One that will have finished, failed, been stopped."""
    finished = nomic.agents.launch("Look")
    emulator.fault("POST /agents", "fail_turn", text="The drawing cannot be opened")
    failed = nomic.agents.launch("Look at the drawing")
    emulator.timing(waiting=0.0, running=600.0, stopping=0.05)
    stopped = nomic.agents.launch("Look for ever")
    stopped.stop()
    return [finished, failed, stopped]


def codes(outcomes: list[RunOutcome[Any]]) -> list[str | None]:
    return [None if outcome.error is None else outcome.error.code for outcome in outcomes]


def test_each_has_its_outcome_in_order_and_nothing_is_raised(nomic: Nomic, emulator: Emulator) -> None:
    runs = mixed(nomic, emulator)[::-1]
    outcomes = nomic.wait_all(iter(runs), timeout=60)
    assert codes(outcomes) == ["run_stopped", "run_failed", None]
    assert [outcome.ok for outcome in outcomes] == [False, False, True]
    # The very runs, not others like them.
    assert all(outcome.run is run for outcome, run in zip(outcomes, runs, strict=True))
    finished = outcomes[2]
    assert finished.result is not None and finished.result.turn == 1 and finished.result.text
    assert outcomes[1].result is None and isinstance(outcomes[1].error, errors.RunFailedError)
    assert "The drawing cannot be opened" in outcomes[1].error.reason
    # What is over needs no wait, and may be asked for again.
    assert codes(nomic.wait_all(runs)) == ["run_stopped", "run_failed", None]


def test_the_deadline_is_for_all_of_them_and_stops_none(nomic: Nomic, emulator: Emulator) -> None:
    quick = nomic.agents.launch("Look")
    emulator.timing(running=600.0)
    slow = [nomic.agents.launch("Look for ever") for _ in range(3)]
    began = time.monotonic()
    outcomes = nomic.wait_all([*slow, quick], timeout=5)
    assert 4.9 <= time.monotonic() - began < 30
    assert codes(outcomes) == ["wait_timeout"] * 3 + [None]
    for outcome, run in zip(outcomes, slow, strict=False):
        assert isinstance(outcome.error, TimeoutError) and isinstance(outcome.error, errors.WaitTimeoutError)
        assert outcome.error.token == run.token
    assert requests(emulator, "POST /agents/{id}/stop") == []


def test_an_outcome_is_plain_data_but_for_its_run(nomic: Nomic, emulator: Emulator) -> None:
    finished, failed, _ = nomic.wait_all(mixed(nomic, emulator))
    again = pickle.loads(pickle.dumps(failed.error))
    assert again == failed.error and type(again) is errors.RunFailedError
    assert pickle.loads(pickle.dumps(finished.result)) == finished.result
    with pytest.raises(TypeError, match="token"):
        pickle.dumps(failed)
    assert repr(failed).startswith("RunOutcome(run=AgentRun(") and "RunFailedError" in repr(failed)
    assert finished.result is not None and finished.result.text[:20] in finished._repr_markdown_()
    assert "RunFailedError" in failed._repr_html_() and "The drawing cannot be opened" in failed._repr_html_()


def test_each_handle_of_one_turn_is_given_once(nomic: Nomic) -> None:
    run = nomic.agents.launch("Look")
    handle = nomic.agents.attach(run.token)
    given = [outcome.run for outcome in nomic.as_completed([run, handle, run])]
    assert sorted(map(id, given)) == sorted(map(id, [run, handle, run]))


def test_they_are_given_as_they_end(nomic: Nomic, emulator: Emulator) -> None:
    emulator.timing(running=5.0)
    slow = nomic.agents.launch("Look slowly")
    emulator.timing(running=0.0)
    quick = nomic.agents.launch("Look")
    given = []
    for outcome in nomic.as_completed([slow, quick], timeout=60):
        given.append(outcome.run)
        nomic.agents.get(slow.agent_id)  # Other calls come in between.
    assert given == [quick, slow] and given[0] is quick and given[1] is slow
    assert list(nomic.as_completed([])) == [] == nomic.wait_all([])


def test_nobody_waits_for_whoever_works_on_one(nomic: Nomic, emulator: Emulator) -> None:
    quick = nomic.agents.launch("Look")
    emulator.timing(running=3.0)
    slow = nomic.agents.launch("Look slowly")
    timeout = 6.0
    completed = nomic.as_completed([slow, quick], timeout=timeout)
    assert next(completed).run is quick
    deadline = time.monotonic() + timeout
    until(lambda: nomic.agents.get(slow.agent_id).status == "finished")
    time.sleep(max(0.0, deadline - time.monotonic()))
    assert next(completed).ok
    assert next(completed, None) is None


def test_who_leaves_early_ends_what_is_under_way(nomic: Nomic, emulator: Emulator) -> None:
    quick = nomic.agents.launch("Look")
    emulator.timing(running=600.0)
    slow = nomic.agents.launch("Look for ever")
    fault = ""

    def seen(count: str) -> bool:
        return bool(emulator.fault_report(fault)[count])

    for outcome in nomic.as_completed([slow, quick]):
        assert outcome.run is quick
        fault = emulator.fault("GET /agents/{id}", "stall")
        until(lambda: seen("hits"))
        break
    # The server sees the look given up.
    until(lambda: seen("completed"))
    assert slow.status == "waiting" or slow.status == "running"
    assert requests(emulator, "POST /agents/{id}/stop") == []


def test_an_interrupt_ends_what_is_under_way_though_its_traceback_is_kept(nomic: Nomic, emulator: Emulator) -> None:
    emulator.timing(running=600.0)
    completed = nomic.as_completed([nomic.agents.launch("Look for ever")])
    fault = emulator.fault("GET /agents/{id}", "stall")

    def interrupt() -> None:
        until(lambda: emulator.fault_report(fault)["hits"])
        _thread.interrupt_main()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt) as kept:
        next(completed)
    thread.join()
    until(lambda: emulator.fault_report(fault)["completed"])
    assert kept.value.__traceback__ and next(completed, None) is None


def test_a_thousand_runs(nomic: Nomic) -> None:
    run = nomic.agents.launch("Look")
    run.wait()
    runs = [nomic.agents.attach(run.token) for _ in range(10)] * 100
    outcomes = nomic.wait_all(runs, timeout=300)
    assert len(outcomes) == 1000 and all(outcome.ok for outcome in outcomes)
    assert all(outcome.run is run for outcome, run in zip(outcomes, runs, strict=True))
    assert len(list(nomic.as_completed(runs, timeout=300))) == 1000


def test_what_is_wrong_is_said_before_anything_is_sent(nomic: Nomic, emulator: Emulator) -> None:
    run = nomic.agents.launch("Look")
    before = len(requests(emulator))
    odd: Any = nomic
    for runs in (run, [run, "agent"], None, 5, "ab", [run.token]):
        for call in (odd.wait_all, odd.as_completed):
            with pytest.raises(InvalidInputError) as wrong:
                call(runs)
            assert wrong.value.argument == "runs" and "AgentRun" in wrong.value.message
    for call in (odd.wait_all, odd.as_completed):
        with pytest.raises(InvalidInputError) as wrong:
            call([run], timeout=-1)
        assert wrong.value.argument == "timeout"
    with pytest.raises(InvalidInputError, match="another client"), emulator.nomic() as other:
        other.wait_all([run])
    with pytest.raises(InvalidInputError) as wrong:
        asyncio.run(emulator.async_nomic().wait_all([odd.agents.attach(run.token)]))
    assert "AsyncAgentRun" in wrong.value.message
    assert len(requests(emulator)) <= before + 2  # Attaching.


def test_progress_counts_those_that_are_over(nomic: Nomic, emulator: Emulator) -> None:
    told: list[Progress] = []
    nomic.wait_all(mixed(nomic, emulator), progress=told.append)
    assert [(step.phase, step.done, step.total) for step in told] == [("waiting", n, 3) for n in range(4)]


def test_the_display_counts_them_too(nomic: Nomic, emulator: Emulator, capfd: pytest.CaptureFixture[str]) -> None:
    nomic.wait_all(mixed(nomic, emulator), progress=True)
    said = capfd.readouterr()
    assert said.out == "" and "of 3 over" in said.err and "finished after" in said.err


def test_asyncio_has_the_same(nomic: Nomic, emulator: Emulator) -> None:
    tokens = [run.token for run in mixed(nomic, emulator)]

    async def main() -> None:
        async with emulator.async_nomic() as client:
            runs = [await client.agents.attach(token) for token in tokens]
            outcomes = await client.wait_all(runs, timeout=60)
            assert codes(outcomes) == [None, "run_failed", "run_stopped"]
            assert all(outcome.run is run for outcome, run in zip(outcomes, runs, strict=True))
            given: list[AsyncAgentRun] = [outcome.run async for outcome in client.as_completed(runs, timeout=60)]
            assert sorted(map(id, given)) == sorted(map(id, runs))

    asyncio.run(main())


def test_a_step_that_is_cancelled_loses_no_outcome(nomic: Nomic, emulator: Emulator) -> None:
    emulator.timing(running=600.0, stopping=0.0)
    tokens = [nomic.agents.launch("Look").token for _ in range(2)]

    async def main() -> None:
        client = emulator.async_nomic()
        completed = client.as_completed([await client.agents.attach(token) for token in tokens], timeout=60)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(completed.__anext__(), 0.2)
        for token in tokens:
            await (await client.agents.attach(token)).stop()
        assert codes([outcome async for outcome in completed]) == ["run_stopped"] * 2

    asyncio.run(main())


def test_closing_ends_what_is_under_way_though_the_iterator_is_kept(nomic: Nomic, emulator: Emulator) -> None:
    emulator.timing(running=600.0)
    token = nomic.agents.launch("Look for ever").token

    def looking() -> str:
        fault = emulator.fault("GET /agents/{id}", "stall")
        until(lambda: emulator.fault_report(fault)["hits"])
        return fault

    def given_up(fault: str) -> None:
        until(lambda: emulator.fault_report(fault)["completed"])

    completed = nomic.as_completed([nomic.agents.attach(token)])
    with contextlib.closing(completed):
        fault = looking()
    given_up(fault)
    completed.close()
    assert next(completed, None) is None

    async def main() -> None:
        async with emulator.async_nomic() as client:
            completed = client.as_completed([await client.agents.attach(token)])
            async with contextlib.aclosing(completed):
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(completed.__anext__(), 0.2)
                fault = looking()
            given_up(fault)
            await completed.aclose()
            assert [outcome async for outcome in completed] == []

    asyncio.run(main())


def test_a_loop_that_is_gone_leaves_them_to_another(nomic: Nomic, emulator: Emulator) -> None:
    emulator.timing(running=1.0)
    tokens = [nomic.agents.launch("Look").token for _ in range(2)]
    client = emulator.async_nomic()
    runs = [asyncio.run(client.agents.attach(token)) for token in tokens]
    completed = client.as_completed(runs, timeout=60)

    async def one() -> bool:
        return (await completed.__anext__()).ok

    assert asyncio.run(one()) and asyncio.run(one())


def test_a_closed_client_waits_for_none(nomic: Nomic, emulator: Emulator) -> None:
    emulator.timing(running=600.0)
    runs = [nomic.agents.launch("Look for ever") for _ in range(2)]
    nomic.close()
    assert codes(nomic.wait_all(runs)) == ["closed", "closed"]
    assert [type(outcome.error) for outcome in nomic.as_completed(runs)] == [errors.ClosedError] * 2
    assert issubclass(errors.ClosedError, NomkitError)
