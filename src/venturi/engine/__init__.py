"""The turn: read the world, ask core, write, act."""
