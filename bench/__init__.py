"""How fast and how large the transform is, next to other engines on the same machine."""
