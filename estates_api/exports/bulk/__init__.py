"""Ways to hand a whole collection out, one writer each.

Text (texts.py) is made from features that are already rendered, a piece at a time. Files (files.py) are written by a
process of their own (build.py), because the libraries that write them take more memory than the service has.
"""
