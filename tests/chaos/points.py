"""The named crash points, each with the process that dies there. A test compares the list with the code."""

POINTS = (
    "engine:before-commit",
    "engine:committed",
    "engine:start-sent",
    "engine:end-received",
    "engine:ack-sent",
    "crew:start-received",
    "crew:spare-chosen",
    "crew:started-relayed",
    "crew:result-received",
    "crew:death-seen",
    "crew:ended-sent",
    "crew:ack-received",
    "zygote:forked",
    "zygote:parked",
    "zygote:reaped",
    "attempt:awake",
    "attempt:journalled",
    "attempt:started-sent",
    "attempt:result-spooled",
    "attempt:result-sent",
)
