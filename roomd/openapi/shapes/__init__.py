"""The shapes of answers and of what sockets are told, for the documents alone: real ones are checked against them."""
