"""What a bundle is: finding bundles and the DAG files in them, ignore rules, import roots, file events, environments.

Owns the reading of folders and the environments that are built for them. Imports no DAG file.
"""

from .finding import Bundle, Finder, Found, Problem, Scan, import_roots, single_file_bundle

__all__ = ["Bundle", "Finder", "Found", "Problem", "Scan", "import_roots", "single_file_bundle"]
