"""How the nouns of the work look on a page."""
