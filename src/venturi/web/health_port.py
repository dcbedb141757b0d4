"""`/health` on a port of its own, as Airflow's schedulers have one (8974): for this machine alone, nothing else.

Owns this small server. Part of the web process; by itself (`python -m venturi.web.health_port PORT`) where a container
stands by for another one with the same home.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys

from ..config import Home, find_home
from .health import health

REQUEST_S = 5.0


async def serve(home: Home, port: int) -> None:
    """Until it is cancelled; a port that is taken is said, and no more."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), REQUEST_S)
            path = asked.split(b" ", 2)[1].partition(b"?")[0]
            found = await health(home) if path == b"/health" else None
            status = "404 Not Found" if found is None else "200 OK"
            if found is not None and found["scheduler"]["status"] != "healthy":
                status = "503 Service Unavailable"
            body = json.dumps(found).encode()
            head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
            writer.write(f"{head}connection: close\r\n\r\n".encode() + body)
            await asyncio.wait_for(writer.drain(), REQUEST_S)
        except (OSError, ValueError, IndexError, EOFError, asyncio.LimitOverrunError, asyncio.TimeoutError):
            pass  # whoever asked has gone, or asked for nothing
        finally:
            writer.close()

    try:
        server = await asyncio.start_server(answer, "127.0.0.1", port)
    except OSError as error:
        logging.getLogger("venturi.web").warning("/health is not answered on port %d: %s", port, error.strerror)
        return
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(find_home(), int(sys.argv[1])))
