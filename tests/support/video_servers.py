"""Real servers of video on loopback: RTSP by GStreamer, MJPEG by HTTP."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.support.broker import answers, free_port
from tests.support.edge_fakes import eventually

_PIPELINE = "( videotestsrc is-live=true ! video/x-raw,format=I420,width=64,height=48,framerate=50/1 ! jpegenc "
_PIPELINE += "! rtpjpegpay name=pay0 )"


@contextmanager
def rtsp_server(port: int) -> Iterator[str]:
    """GStreamer's test picture, 64x48 px; gives the address."""
    script = Path(__file__).with_name("rtsp_server.py")
    process = subprocess.Popen(["/usr/bin/python3", script, str(port), _PIPELINE], stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: answers(port))
        yield f"rtsp://127.0.0.1:{port}/camera"
    finally:
        process.kill()
        process.wait()


@contextmanager
def mjpeg_server(pictures: Sequence[bytes], port: int | None = None) -> Iterator[str]:
    """The JPEG files one after another, then the end of the stream; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            for picture in pictures:
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                self.wfile.write(head.encode() + picture + b"\r\n")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port or free_port()), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/stream.mjpg"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
