"""What pytest leaves out where a package is missing: a module that stands on it cannot be imported for its doctests."""

from tamis.extras import available

STANDS_ON = {"langchain": "langchain_core", "llama_index": "llama_index", "haystack": "haystack"}

collect_ignore = [
    f"src/tamis/integrations/{module}.py" for module, package in STANDS_ON.items() if not available(package)
]
