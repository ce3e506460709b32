"""The main job on a real document, against the emulator: upload, launch, wait, result, follow-up.

python examples/demo.py [FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

from nomkit import Emulator, NomkitError, RunFailedError

HERE = Path(__file__).parent
OUT = HERE.parent / "demo-output"


def main() -> int:
    document = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "inspection-report.pdf"
    with Emulator() as emulator, emulator.nomic() as nomic:
        heading(f"Upload {document}")
        file = nomic.files.upload(document, progress=True)
        print(f"{file.name}: {file.size} bytes, id {file.id}")

        heading("Launch, wait, read")
        run = nomic.agents.launch("Summarize the inspection report", file_ids=[file.id])
        print(f"{run.url}\nattach from anywhere with {run.token}")
        result = run.wait(timeout=300, progress=True)
        print(f"\n{result.text}")

        heading("What it made")
        for artifact in result.artifacts:
            print(artifact.download(OUT / run.agent_id))

        heading("Follow up: now turn that into a punch list")
        second = run.follow_up("Now turn that summary into a punch list").wait(timeout=300, progress=True)
        print(f"\n{second.text}")
    return 0


def heading(text: str) -> None:
    print(f"\n== {text} ==", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RunFailedError as error:
        print(f"\n{error.reason}", file=sys.stderr)
        sys.exit(1)
    except NomkitError as error:
        print(f"\n{error}", file=sys.stderr)
        sys.exit(2)
