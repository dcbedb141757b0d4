"""`LoggingMixin`: a `self.log`, for classes of authors that extend it."""

from __future__ import annotations

import logging


class LoggingMixin:
    @property
    def log(self) -> logging.Logger:
        return logging.getLogger(f"airflow.{type(self).__module__}.{type(self).__name__}")

    @property
    def logger(self) -> logging.Logger:
        return self.log
