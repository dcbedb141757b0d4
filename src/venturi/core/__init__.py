"""What is true, decided from values alone: no I/O, no clock, no threads, no environment."""
