"""A client may be used before, after and during a fork, in parent and child."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest
from apparatus import AGENT, PATIENCE, Server, answer, program, run
from conftest import requests
from nomkit import Emulator, Nomic

pytestmark = pytest.mark.usefixtures("unlimited")

BEGINNING = """
import asyncio, os, signal, sys, threading, time
from nomkit import AsyncNomic, ClosedError, Emulator, Nomic
emulator = Emulator.connect(sys.argv[1], api_key=sys.argv[2], token=sys.argv[3])
nomic = emulator.nomic()

def child(work, beside=lambda: None):
    'Runs the work in a fork of this process, where it must end well in time, and something beside it in this one.'
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.alarm(20)
            work()
            code = 0
        except BaseException as error:
            sys.stderr.write(f"child: {error!r}\\n")
        finally:
            os._exit(code)
    beside()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code == 0, f"the child ended with {code}"
"""


def forking(emulator: Emulator, code: str) -> str:
    return run(BEGINNING + code, emulator.url, emulator.api_key, emulator.token)


def test_two_hundred_forks_of_an_idle_client(emulator: Emulator) -> None:
    forking(
        emulator,
        """
run = nomic.agents.launch("Look")
for _ in range(200):
    child(run.refresh)
    run.refresh()
""",
    )
    assert len(requests(emulator, "GET /agents/{id}")) == 400
    assert len(requests(emulator, "POST /agents")) == 1


def test_two_hundred_forks_with_calls_in_flight(emulator: Emulator) -> None:
    emulator.timing(running=600.0)
    printed = forking(
        emulator,
        """
run, ended = nomic.agents.launch("Look"), []
def wait():
    try:
        run.wait()
    except Exception as error:
        ended.append(type(error).__name__)

forked = threading.Event()
def read():
    while not forked.is_set():
        nomic.agents.list().first(1)

threads = [threading.Thread(target=work, daemon=True) for work in (wait, read)]
for thread in threads:
    thread.start()
for _ in range(200):
    child(lambda: (run.refresh(), run.status))
child(lambda: nomic.agents.launch("Another"))
forked.set()
run.stop()
for thread in threads:
    thread.join()
print(ended)
""",
    )
    assert printed == "['RunStoppedError']"
    assert len(requests(emulator, "POST /agents")) == 2


def test_a_call_in_flight_is_answered_once_in_the_parent(emulator: Emulator) -> None:
    # The answer of this launch comes after the child has come and gone.
    with Server(launches=False) as server:
        code = (
            BEGINNING
            + """
launched = []
other = Nomic(base_url=sys.argv[4], api_key="npk_test")
thread = threading.Thread(target=lambda: launched.append(other.agents.launch("Look").agent_id))
thread.start()
sys.stdin.readline()
child(lambda: nomic.agents.list().first(1))
def same():
    if nomic.agents.list().first(1) or other.agents.launch("Look").agent_id != "agent":
        raise AssertionError
print("forked", flush=True)
thread.join()
print(launched)
"""
        )
        with program(code, emulator.url, emulator.api_key, emulator.token, server.url) as running:
            server.until(lambda: len(server.requests) == 1)
            running.go()
            assert running.line() == "forked"
            assert server.ended == []
            server.reply(answer(AGENT))
            assert running.line() == "['agent']"
            assert running.end() == (0, "")
        assert len(server.requests) == 1


def test_a_fork_in_an_event_loop(emulator: Emulator) -> None:
    emulator.timing(running=1.0)
    forking(
        emulator,
        """
client = emulator.async_nomic()
async def get(id):
    assert (await client.agents.get(id)).id == id

async def main():
    run = await client.agents.launch("Look")
    waiting = asyncio.create_task(run.wait())
    for _ in range(20):
        await asyncio.sleep(0.01)
        child(lambda: (asyncio.run(get(run.agent_id)), nomic.agents.get(run.agent_id)))
        await get(run.agent_id)
    assert (await waiting).text

asyncio.run(main())
""",
    )
    assert len(requests(emulator, "POST /agents")) == 1


def test_a_loop_that_the_child_inherited(emulator: Emulator) -> None:
    forking(
        emulator,
        """
client, loop = emulator.async_nomic(), asyncio.new_event_loop()
async def list_agents():
    return await asyncio.wait_for(client.agents.list().first(1), 10)

def turn():
    for _ in range(50):
        loop.run_until_complete(list_agents())

turn()
for _ in range(3):
    child(turn, beside=turn)
loop.close()
""",
    )


def test_a_fork_while_the_first_answer_arrives(emulator: Emulator) -> None:
    forking(
        emulator,
        """
run, importing = nomic.agents.launch("Look"), threading.Event()

class Slow:
    'An import that goes on in another thread while this one forks.'
    def find_spec(self, name, path=None, target=None):
        if name.startswith("nomkit") and threading.current_thread() is not threading.main_thread():
            importing.set()
            time.sleep(3)

sys.meta_path.insert(0, Slow())
thread = threading.Thread(target=run.refresh)
thread.start()
importing.wait(0.5)
child(run.refresh)
thread.join()
""",
    )


def test_a_fork_of_a_fork(emulator: Emulator) -> None:
    forking(
        emulator,
        """
run = nomic.agents.launch("Look")
def grandchild():
    run.refresh()
    child(lambda: child(run.refresh))
    run.refresh()

child(grandchild)
run.refresh()
""",
    )
    assert len(requests(emulator, "GET /agents/{id}")) == 4


def test_a_list_that_another_thread_was_reading(emulator: Emulator) -> None:
    with Server() as server:
        code = (
            BEGINNING
            + """
pages = Nomic(base_url=sys.argv[4], api_key="npk_test").agents.list()
threading.Thread(target=pages.first, args=(1,), daemon=True).start()
sys.stdin.readline()
def read():
    try:
        pages.first(1)
    except ClosedError as error:
        assert "forked" in str(error)
    else:
        raise AssertionError

child(read)
print("refused", flush=True)
"""
        )
        with program(code, emulator.url, emulator.api_key, emulator.token, server.url) as running:
            server.until(lambda: len(server.requests) == 1)
            running.go()
            assert running.line() == "refused"
            assert running.end() == (0, "")


def look(emulator: dict[str, str], agent_id: str) -> str:
    """What a worker process does that inherits nothing."""
    return Emulator.connect(**emulator).nomic().agents.get(agent_id).id


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_multiprocessing(emulator: Emulator, nomic: Nomic, method: str) -> None:
    run = nomic.agents.launch("Look")
    reached = {"url": emulator.url, "api_key": emulator.api_key, "token": emulator.token}
    context: Any = multiprocessing.get_context(method)
    with context.Pool(2) as pool:
        found = pool.starmap_async(look, [(reached, run.agent_id)] * 8).get(PATIENCE)
    assert found == [run.agent_id] * 8
    assert run.refresh().id == run.agent_id


def test_multiprocessing_with_the_parents_client(nomic: Nomic) -> None:
    run = nomic.agents.launch("Look")
    fork = multiprocessing.get_context("fork")
    for _ in range(5):
        child = fork.Process(target=run.refresh)
        child.start()
        child.join(PATIENCE)
        assert child.exitcode == 0
        run.refresh()
