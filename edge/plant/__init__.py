"""The link to the plant service: uploads, heartbeat and new bundles. The line never waits for it."""
