"""What earlier runs found: one database beside the run folders, and what can be said from it."""
