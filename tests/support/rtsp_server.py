"""Run by the system's Python, which has GStreamer: an RTSP server with one camera. Arguments: port, pipeline."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 - the versions come first

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(sys.argv[2])
server.get_mount_points().add_factory("/camera", factory)
server.attach(None)
GLib.MainLoop().run()
