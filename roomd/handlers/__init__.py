"""The only code that imports tornado.web."""
