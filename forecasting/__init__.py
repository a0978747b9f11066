"""Viewcast without its pages: daily views in, trained models and honest comparisons out. Imports no Streamlit."""
