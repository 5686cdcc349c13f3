"""Strict nbval on every solved notebook, on a fresh cluster.

Its tests are the notebooks' cells: conftest.py makes this module collect solutions/*.ipynb as well.
"""
