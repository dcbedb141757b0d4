"""What authors write: DAGs, tasks, operators, sensors, mapping, context, templates."""
