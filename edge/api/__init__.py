"""The station's HTTP API: judge an image on request, health, status and metrics."""
