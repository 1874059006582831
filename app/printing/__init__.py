"""Printed documents: data in, PDF bytes out. No Flask, no database, no network.

    pdf = render("notice", [notice, …], FontFolders((Path("/usr/share/fonts"),)))

What is printed is data for a layout in `layouts/` (typst); it is handed over as JSON and never becomes source of the layout.
"""
