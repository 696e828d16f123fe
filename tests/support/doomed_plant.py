"""A plant as a process that dies by kill -9 in the middle of a transaction: `python -m tests.support.doomed_plant`.

Arguments: the folder of `tests.support.plants.new_plant`, a statement, and more settings as JSON. Right after a
statement that begins so has run, and before it is committed, the process is gone. Prints its address once it serves.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from tests.support.live_plants import live_plant


def main() -> None:
    """Serve until doomed; the statement may already come while the database is opened."""
    folder, statement, changes = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])

    def die(*happened: Any) -> None:
        if str(happened[2]).startswith(statement):
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "after_cursor_execute", die)
    with live_plant(folder, **changes) as address:
        sys.stdout.write(address + "\n")
        sys.stdout.flush()
        while True:
            time.sleep(1)


if __name__ == "__main__":
    main()
