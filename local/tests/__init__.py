"""Tests of the stand-ins, and end-to-end tests over them."""
