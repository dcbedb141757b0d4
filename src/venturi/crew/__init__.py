"""Supervises everything that runs author code on this host; outlives an engine crash."""
