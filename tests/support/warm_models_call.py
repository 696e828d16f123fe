"""`python -I -S warm_models_call.py ADDRESS ARGUMENTS…`: one call of `warm_models`, with this process's streams."""

import json
import os
import socket
import sys
import time

with socket.socket(socket.AF_UNIX) as server:
    while True:  # bounded by the test's timeout
        try:
            server.connect(sys.argv[1])
            break
        except (FileNotFoundError, BlockingIOError):
            time.sleep(0.01)
    asked = {"arguments": sys.argv[2:], "folder": os.getcwd(), "environment": dict(os.environ)}  # noqa: PTH109
    socket.send_fds(server, [json.dumps(asked).encode()], [1, 2])
    code = server.recv(1)
sys.exit(code[0] if code else 3)
