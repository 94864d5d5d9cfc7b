"""What a study will cost before it runs: the jobs that are left, their operations, and hours at measured rates."""

from madx.planning.jobs import PlanError, PlannedJob, jobs_left
from madx.planning.plan import Plan, Rates, Row, as_markdown, make_plan, measured_rates

__all__ = ["Plan", "PlanError", "PlannedJob", "Rates", "Row", "as_markdown", "jobs_left", "make_plan", "measured_rates"]
