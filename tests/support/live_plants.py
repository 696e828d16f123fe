"""A plant on a real port of this machine, for browsers and stations."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from edge.api.server import ApiServer
from edge.api.settings import ApiSettings
from inspection.api.app import plant_app
from inspection.clock import utc_now
from inspection.jobs.commands import ModelCommands
from inspection.plant import open_plant
from inspection.server import listen
from tests.support.plain_http import NO_CERTIFICATES
from tests.support.plants import give_tables, plant_settings
from tests.support.warm_models import warm_models

__all__ = ["live_plant", "served"]


@contextmanager
def live_plant(folder: Path, **changes: Any) -> Iterator[str]:
    """Serve a new plant (training is the named fake) with these settings changed; gives its address."""
    listener = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = plant_settings(folder, **changes)
    give_tables(settings)
    app = plant_app(open_plant(settings, ModelCommands(warm_models()), utc_now))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        httpx.get(f"{address}/readyz", verify=NO_CERTIFICATES).raise_for_status()
        yield address
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """An application that runs already, on a free port of loopback as well; gives its address."""
    server = ApiServer(ApiSettings(port=0))
    server.start(app)
    try:
        yield f"http://{server.address}"
    finally:
        server.stop()
