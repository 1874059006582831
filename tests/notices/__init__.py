"""Notices: wording in a sandbox, issuing, service."""
