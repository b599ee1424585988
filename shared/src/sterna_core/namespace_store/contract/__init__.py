"""What every store has to do, as plain functions: run each of `suite.CONTRACT` on a fresh store.

A store's author gives each function a store without spaces; it raises AssertionError, naming what
was promised, where the store does otherwise.
"""
