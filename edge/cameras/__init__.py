"""Where frames come from: one short module per kind of camera behind `edge.cameras.protocol.Camera`."""
