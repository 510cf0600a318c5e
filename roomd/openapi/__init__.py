"""The HTTP interface as OpenAPI 3.1 and the WebSockets as AsyncAPI 3.0, made of what the server runs.

What an operation takes and answers is declared at its handler (`@operation`, handlers/described.py) in the types that
it really uses; messages come from the dialects' own tables. tests/test_openapi*.py hold all of it against the code,
against docs/*.md and against real answers.
"""
