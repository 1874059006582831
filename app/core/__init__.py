"""What everybody stands on: no database, no Flask."""
