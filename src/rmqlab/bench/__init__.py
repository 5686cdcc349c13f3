"""Measurements against the budgets: what `rmqlab bench` runs."""
