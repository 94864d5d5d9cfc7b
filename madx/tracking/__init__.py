"""MLflow as a mirror of the results folder: files first, and nothing that a study makes depends on MLflow."""

from madx.tracking.mirror import SYNCED, Synced, forget_lost_database, on_server, sync_study, tracking_uri

__all__ = ["SYNCED", "Synced", "forget_lost_database", "on_server", "sync_study", "tracking_uri"]
