"""Viewcast without its pages: daily views in, trained models and honest comparisons out. Imports no Streamlit."""

__version__ = "0.3.0"
