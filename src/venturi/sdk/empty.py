"""The operator that does nothing but stand in the graph."""

from __future__ import annotations

from typing import Any

from .operator import BaseOperator


class EmptyOperator(BaseOperator):
    ui_color = "#e8f7e4"
    inherits_from_empty_operator = True

    def execute(self, context: Any) -> None:
        pass
