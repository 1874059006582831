"""Printed documents: the text that stands on paper, characters nobody has, and how long a register takes."""
