"""The routes of `/api/v2`, one module for each resource. Each reads with a reader, or sends a command."""
