"""Makes ``docs/reference/openapi.json``: routes from the app, shapes from its types, words here."""
