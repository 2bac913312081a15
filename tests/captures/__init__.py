"""Pictures of the inspector's screen for its documentation, made from the real one."""
