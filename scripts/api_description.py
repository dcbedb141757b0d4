"""Writes src/venturi/web/pages/openapi.json, which is served as it is: `make docs`. One operation a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from venturi.config import Config, Home
from venturi.web.app import description

FILE = Path(__file__).parent.parent / "src" / "venturi" / "web" / "pages" / "openapi.json"


def lines(told: dict[str, Any]) -> str:
    def of(part: Any) -> str:
        return json.dumps(part, ensure_ascii=False, separators=(",", ":"))

    def each(parts: dict[str, Any]) -> str:
        return "{\n" + ",\n".join(f"{of(name)}:{of(part)}" for name, part in parts.items()) + "\n}"

    parts = [f'"openapi":{of(told["openapi"])}', f'"info":{of(told["info"])}']
    paths = [f"{of(path)}:{each(methods)}" for path, methods in told["paths"].items()]
    parts.append('"paths":{\n' + ",\n".join(paths) + "\n}")
    more = [f"{of(name)}:{each(found)}" for name, found in told["components"].items()]
    parts.append('"components":{\n' + ",\n".join(more) + "\n}")
    return "{" + ",\n".join(parts) + "}\n"


def main() -> int:
    nowhere = Home(Path("/nowhere"), Path("/nowhere"))
    told = description(nowhere, Config())
    text = lines(told)
    if json.loads(text) != told:
        print("A part of the description has no place in the file.", file=sys.stderr)
        return 1
    FILE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
