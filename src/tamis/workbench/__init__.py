"""The workbench: the web page in which people see why, try it, and decide."""
