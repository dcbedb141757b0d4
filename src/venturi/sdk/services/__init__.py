"""Operators, sensors and hooks that speak to something outside: Docker, HTTP, SQL databases, S3, mail.

Ours are the few that most files need; others come with their official wheels, whose classes then win. Every client
library is imported when a task uses it, so that a file with such a task loads without it.
"""
