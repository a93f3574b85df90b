"""How the transform's cost follows threads, compression and the size of an object."""
