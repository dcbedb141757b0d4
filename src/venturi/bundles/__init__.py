"""What a bundle is: finding bundles and the DAG files in them, ignore rules, import roots, file events.

Owns the reading of folders. Imports no DAG file and starts no process.
"""

from .finding import Bundle, Finder, Found, Problem, Scan, import_roots, single_file_bundle

__all__ = ["Bundle", "Finder", "Found", "Problem", "Scan", "import_roots", "single_file_bundle"]
