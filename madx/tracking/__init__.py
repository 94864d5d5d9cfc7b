"""MLflow as a mirror of the results folder: files first, and nothing that a study makes depends on MLflow."""

from madx.tracking.mirror import Synced, on_server, sync_study, tracking_uri

__all__ = ["Synced", "on_server", "sync_study", "tracking_uri"]
