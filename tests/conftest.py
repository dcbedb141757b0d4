"""Property tests are judged by what they find, never by how long a busy machine took to draw an example."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("venturi", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("venturi")
