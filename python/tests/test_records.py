"""Records are ordinary dataclasses."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from datetime import datetime, timezone

import nomkit
import pytest
from nomkit import AgentStatus, Artifact, Nomic, records
from nomkit.agent_run import AgentRun
from nomkit.agents import Agents
from nomkit.files import Files
from nomkit.workflows import Workflows


def test_records_compare_hash_pickle_copy_and_refuse_change(nomic: Nomic) -> None:
    agent = nomic.ask("Look", timeout=60).agent
    for other in (pickle.loads(pickle.dumps(agent)), copy.deepcopy(agent), dataclasses.replace(agent)):
        assert other == agent and hash(other) == hash(agent)
    assert dataclasses.replace(agent, id="other") != agent
    assert agent.artifacts is agent.artifacts and isinstance(agent.artifacts, tuple)
    assert agent.created_at is not None and agent.created_at.tzinfo is timezone.utc
    assert abs((datetime.now(timezone.utc) - agent.created_at).total_seconds()) < 60
    with pytest.raises(dataclasses.FrozenInstanceError):
        agent.id = "other"  # type: ignore[misc]


def test_a_record_with_behaviour_is_a_record(nomic: Nomic) -> None:
    artifact = nomic.ask("Look", timeout=60).artifacts[0]
    assert isinstance(artifact, Artifact)
    assert pickle.loads(pickle.dumps(artifact)) == artifact
    assert not hasattr(artifact, "__dict__")


def test_open_enums_are_strings_with_known_values() -> None:
    status = AgentStatus("running")
    assert status == AgentStatus.RUNNING == "running"
    assert (f"{status}", repr(status)) == ("running", "AgentStatus('running')")
    assert pickle.loads(pickle.dumps(AgentStatus("queued_v2"))) == "queued_v2"


def test_every_name_is_exported_and_documented() -> None:
    for name in records.__all__:
        assert getattr(nomkit, name) is getattr(records, name)
        assert inspect.getdoc(getattr(records, name))
    for cls in (nomkit.Nomic, nomkit.AsyncNomic, nomkit.Emulator, Files, Agents, AgentRun, Workflows):
        for name, member in vars(cls).items():
            assert name.startswith("_") or inspect.getdoc(member), f"{cls.__name__}.{name}"
