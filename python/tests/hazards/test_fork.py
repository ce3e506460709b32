"""A client may be used before, after and during a fork, in parent and child."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest
from apparatus import AGENT, PATIENCE, Server, answer, program
from conftest import requests
from forks import BEGINNING, forking
from nomkit import Emulator, Nomic


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
other = Nomic(base_url=sys.argv[4], api_key="npk_test", pace=False)
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
        await asyncio.sleep(0)
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
run, importing, forked = nomic.agents.launch("Look"), threading.Event(), threading.Event()

class Slow:
    'An import that goes on in another thread while this one forks.'
    def find_spec(self, name, path=None, target=None):
        if name.startswith("nomkit") and threading.current_thread() is not threading.main_thread():
            importing.set()
            forked.wait()

sys.meta_path.insert(0, Slow())
thread = threading.Thread(target=run.refresh)
thread.start()
importing.wait(0.5)
child(run.refresh)
forked.set()
thread.join()
""",
    )


@pytest.mark.parametrize("module", ["datetime", "threading"])
def test_a_fork_while_the_first_answer_is_converted(emulator: Emulator, module: str) -> None:
    emulator.nomic().agents.launch("Look")
    forking(
        emulator,
        f"""
import types
real, filling, forked = sys.modules["{module}"], threading.Event(), threading.Event()

class Slow(types.ModuleType):
    'A module that another thread takes something from while this one forks.'
    def __getattr__(self, name):
        if threading.current_thread() is not threading.main_thread():
            filling.set()
            forked.wait()
        return getattr(real, name)

def read():
    assert nomic.agents.list().first(1)[0].created_at

thread = threading.Thread(target=read)
sys.modules["{module}"] = Slow("{module}")
thread.start()
filling.wait(0.5)
child(read)
forked.set()
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
pages = Nomic(base_url=sys.argv[4], api_key="npk_test", pace=False).agents.list()
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


def test_a_listener_that_forks(emulator: Emulator) -> None:
    emulator.rates(enabled=True, heavy=30, burst=1)
    forking(
        emulator,
        """
parent, children = os.getpid(), []
def fork(progress):
    if not children and progress.phase == "throttled":
        children.append(os.fork())

nomic.agents.launch("First")
try:
    nomic.agents.launch("Second", progress=fork)
    assert os.getpid() == parent, "the child went on with its parent's launch"
except ClosedError as error:
    try:
        signal.alarm(20)
        assert "forked" in str(error) and os.getpid() != parent
        assert len(nomic.agents.list().first(5)) >= 1
        os._exit(0)
    finally:
        os._exit(1)
except BaseException:
    if os.getpid() != parent:
        os._exit(1)
    raise
finally:
    if os.getpid() != parent:
        os._exit(1)
assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0
nomic.agents.launch("Third")
""",
    )
    assert len(requests(emulator, "POST /agents")) == len(emulator.ledger()["agents"]) == 3


def test_forks_beside_a_queue_and_shared_looks(emulator: Emulator) -> None:
    emulator.timing(running=600.0)
    emulator.rates(enabled=True, standard=6000, heavy=60, burst=1)
    forking(
        emulator,
        """
runs = [nomic.agents.launch(f"Look {at}") for at in range(6)]
launched, ended = [], []
def wait(run):
    try:
        run.wait()
    except Exception as error:
        ended.append(type(error).__name__)

threads = [threading.Thread(target=wait, args=(run,)) for run in runs]
threads += [threading.Thread(target=lambda: launched.append(nomic.agents.launch("More"))) for _ in range(6)]
for thread in threads:
    thread.start()

def own():
    'Waits, and in its own queue.'
    try:
        runs[0].wait(timeout=1.0)
    except WaitTimeoutError:
        pass
    assert runs[1].refresh().id == runs[1].agent_id

for _ in range(20):
    child(own)
child(lambda: nomic.agents.launch("The child's"))
for run in runs:
    run.stop()
for thread in threads:
    thread.join()
assert len(launched) == 6 and set(ended) == {"RunStoppedError"}, (launched, ended)
""",
    )
    assert len(emulator.ledger()["agents"]) == 13


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
