"""Matching: rosters of every county against every register; doubts out. No Flask, no database of the product."""
