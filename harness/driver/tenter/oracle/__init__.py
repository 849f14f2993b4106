"""What a model's outputs should be, computed by a runtime that shares no code with the target."""
