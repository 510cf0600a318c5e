"""A server for listening and watching together. See ARCHITECTURE.md for the map of the house."""
