"""The only code that imports redis or the Postgres driver."""
