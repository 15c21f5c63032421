"""One process or several that train one model together."""
