"""Payment registers, channel files, reconciliation and recovery arithmetic. Pure: no database, no Flask (but `invariants`)."""
