"""Demo: a whole county on one machine: broker, RTSP server, a simulated day; reused by tests and bench."""
