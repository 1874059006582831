"""Users and offices, row scope, sessions, password policy, query log, audit chain."""
