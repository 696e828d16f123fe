// The settings of a new station, as text to be saved beside its camera.

const CAMERAS = {
  usb: ['kind = "usb"', 'device = "/dev/video0"'],
  genicam: ['kind = "genicam"', 'transport = "gige"             # or "usb3"'],
  stream: ['kind = "stream"', 'url = "rtsp://user:password@192.0.2.40/stream1"'],
  folder: ['kind = "folder"', 'folder = "frames"'],
  simulated: ['kind = "simulated"', "rate_hz = 2.0"],
};

/** STATION.toml; frames go to the plant from the start, as UNDECIDED, so that good parts can be collected. */
export function stationFile({ station, recipe, camera, plant, publicKey }) {
  return [
    `station = "${station}"`,
    `recipe = "${recipe}"`,
    `state_dir = "state/${station}"`,
    "wait_for_bundle = false         # parts before the first model are UNDECIDED, and are collected",
    `trusted_keys = ["${publicKey}"]`,
    "",
    "[camera]",
    ...CAMERAS[camera],
    "",
    "[plant]",
    `url = "${plant}"`,
    'api_key_file = "station.key"',
    "",
  ].join("\n");
}
