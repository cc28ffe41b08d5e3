"""Reading what public registries publish, and bringing the catalogue into line with it.

`studies` is one record in the registry's own words; `api`, `xml` and `csv` read it from one shape
each, `sources` finds the records in files, folders and archives and tells the shapes apart.
`meanings` turns words into the catalogue's values, `comparing` says what changed, and `importing`
writes it.
"""
