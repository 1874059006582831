"""Notices: the wording a county keeps, issuing from a case or in bulk, service (送達)."""
