"""Training: a console on its own database with the generated county, and tasks that check what was done there.

A task is a file of data (`tasks/<code>.toml`); its kind (`kinds/<kind>.py`) prepares the material of one try and checks it afterwards.
"""
