"""What the farm knows, in one SQLite file: the engine writes it, all faces read it."""
