"""Small servers of ours that speak as music services do, with everything that goes wrong with those."""
