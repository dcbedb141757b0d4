"""Dates, time zones, macros and the helpers beside them."""

from .rows import Refused, Served

SERVED: list[Served] = [
    # ── helpers ──
    ("airflow.dates.days_ago", "airflow.utils.dates", ""),
    ("airflow.dates.cron_presets", "airflow.utils.dates", ""),
    *[
        (f"airflow.dates.{name}", "airflow.utils.dates", "")
        for name in ("infer_time_unit", "scale_time_units", "parse_execution_date", "datetime_to_nano")
    ],
    ("airflow.dates.date_range", "airflow.utils.dates", "Takes a timedelta between its dates, and no cron text."),
    ("airflow.dates.round_time", "airflow.utils.dates", "Takes a timedelta, and no cron text."),
    *[
        (f"airflow.dates.{name}", "airflow.utils.timezone airflow.sdk.timezone", "")
        for name in ("parse_timezone", "local_timezone", "from_timestamp", "td_format")
    ],
    ("airflow.dates.apply_defaults", "airflow.utils.decorators", ""),
    ("airflow.logging_mixin.LoggingMixin", "airflow.utils.log.logging_mixin", ""),
    *[
        (f"sdk.times.{name}", "airflow.utils.timezone airflow.sdk.timezone", "")
        for name in (
            "utc",
            "utcnow",
            "utc_epoch",
            "is_localized",
            "is_naive",
            "make_aware",
            "make_naive",
            "convert_to_utc",
            "coerce_datetime",
            "parse",
        )
    ],
    ("sdk.macros.datetime", "airflow.utils.dates", ""),
    ("sdk.macros.timedelta", "airflow.utils.dates", ""),
    ("sdk.times.aware_datetime", "airflow.utils.timezone:datetime airflow.sdk.timezone:datetime", ""),
    *[
        (f"sdk.macros.{name}", "airflow.macros airflow.sdk.execution_time.macros airflow.sdk.macros", "")
        for name in (
            "ds_add",
            "ds_format",
            "ds_format_locale",
            "datetime_diff_for_humans",
            "datetime",
            "timedelta",
            "time",
            "json",
            "dateutil",
            "random",
            "uuid",
        )
    ],
]

REFUSED: list[Refused] = []
