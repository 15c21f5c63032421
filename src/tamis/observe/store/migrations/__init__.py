"""How a store of an older tamis becomes one of this: a file a revision, in ``versions``."""
