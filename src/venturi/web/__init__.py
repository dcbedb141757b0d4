"""API, live events and the UI's files over HTTP. Reads the database and sends commands; writes no run and no task."""
