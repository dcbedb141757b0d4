"""`/health` in the shape that Airflow's clients and probes know, from one question to the engine.

Owns that shape. An engine that answers has its database open; without one the database is looked at here.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any

from ..config import Home
from ..core.errors import VenturiError
from ..wire.frames import Decoder, Head, encode

ANSWER_S = 2.0


async def health(home: Home) -> dict[str, Any]:
    engine = await ask_engine(home, "status")
    if engine is None:
        return _health("healthy" if home.database.exists() else "unhealthy", "unhealthy", None)
    beat = datetime.fromtimestamp(float(engine["now"]), timezone.utc).isoformat()
    return _health("healthy", "healthy", beat)


def _health(database: str, engine: str, beat: str | None) -> dict[str, Any]:
    # The engine schedules and has DAG files read; deferred tasks have a process only while there are some.
    return {
        "metadatabase": {"status": database},
        "scheduler": {"status": engine, "latest_scheduler_heartbeat": beat},
        "triggerer": {"status": None, "latest_triggerer_heartbeat": None},
        "dag_processor": {"status": engine, "latest_dag_processor_heartbeat": beat},
    }


async def ask_engine(home: Home, name: str, **arguments: Any) -> Head | None:
    """One command and its answer; None when no engine answers in time."""
    try:
        return await asyncio.wait_for(_ask(home.socket("engine"), {"name": name, **arguments}), ANSWER_S)
    except (OSError, VenturiError, asyncio.TimeoutError):
        return None


async def _ask(address: str, command: Head) -> Head | None:
    reader, writer = await asyncio.open_unix_connection(address)
    try:
        writer.write(encode({"k": "command", "id": 1, **command}))
        decoder = Decoder()
        while data := await reader.read(1 << 16):
            for head, _ in decoder.feed(data):
                if head.get("k") == "answer":
                    return head if head.get("ok") else None
        return None
    finally:
        writer.close()
