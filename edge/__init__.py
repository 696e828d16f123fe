"""What runs beside the line."""

import os

# onnxruntime queues usage events for its maker by default (1.31 writes them below the user's cache folder). Nothing
# leaves the plant; the library reads this when it is loaded, so it is set before anything here can load it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
