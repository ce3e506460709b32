"""What a client does is logged in parents and children of a fork, by many threads and loops, and at the end."""

from __future__ import annotations

from forks import forking
from nomkit import Emulator

LOGGING = """
import logging
told = []

class Kept(logging.Handler):
    def emit(self, record):
        told.append((os.getpid(), threading.get_ident(), record.getMessage()))

logging.getLogger("nomkit").addHandler(Kept())
logging.getLogger("nomkit").setLevel(logging.DEBUG)
"""


def logging_program(emulator: Emulator, code: str) -> str:
    return forking(emulator, LOGGING + code)


def test_a_forked_child_logs_what_it_does_itself(emulator: Emulator) -> None:
    logging_program(
        emulator,
        """
run = nomic.agents.launch("Look")
over = threading.Event()

def read():
    while not over.is_set():
        nomic.agents.list().first(1)

# Others tell all the while, so that a fork may find a queue locked.
threads = [threading.Thread(target=read) for _ in range(4)]
for thread in threads:
    thread.start()

def look():
    told.clear()
    run.refresh()
    assert "agents.get: answered 200" in [said for _, _, said in told], told
    assert {by for by, _, _ in told} == {os.getpid()}

for _ in range(100):
    child(look)
over.set()
for thread in threads:
    thread.join()
""",
    )


def test_runs_that_a_parent_waits_for_are_not_a_childs(emulator: Emulator) -> None:
    emulator.timing(running=600.0)
    logging_program(
        emulator,
        """
runs = [nomic.agents.launch("Look for ever") for _ in range(3)]
completed = nomic.as_completed(runs)

def ask():
    global completed
    try:
        next(completed)
    except ClosedError:
        del completed
    else:
        raise AssertionError
    # But it may ask anew.
    outcomes = nomic.wait_all(runs, timeout=1)
    assert [outcome.error.code for outcome in outcomes] == ["wait_timeout"] * 3, outcomes

child(ask)
for run in runs:
    run.stop()
assert [outcome.error.code for outcome in completed] == ["run_stopped"] * 3
""",
    )


def test_threads_and_loops_log_each_event_once(emulator: Emulator) -> None:
    logging_program(
        emulator,
        """
def threads():
    for _ in range(20):
        nomic.agents.list().first(1)

async def loops():
    client = emulator.async_nomic()
    await asyncio.gather(*(client.agents.list().first(1) for _ in range(20)))

working = [threading.Thread(target=threads) for _ in range(4)]
working += [threading.Thread(target=lambda: asyncio.run(loops())) for _ in range(4)]
for thread in working:
    thread.start()
for thread in working:
    thread.join()
assert [said for _, _, said in told].count("agents.list: answered 200") == 160, len(told)
assert {by for _, by, _ in told} <= {thread.ident for thread in working}
""",
    )


def test_the_end_of_a_process_is_not_held_up_by_a_handler(emulator: Emulator) -> None:
    emulator.timing(running=600.0)
    logging_program(
        emulator,
        """
run = nomic.agents.launch("Look for ever")
threading.Thread(target=run.wait, daemon=True).start()
async def main():
    client = emulator.async_nomic()
    asyncio.ensure_future((await client.agents.attach(run.token)).wait())
    while len(told) < 5:
        await asyncio.sleep(0.01)
asyncio.run(main())
""",
    )
