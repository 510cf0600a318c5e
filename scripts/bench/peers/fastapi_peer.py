"""What FastAPI's own tutorial leads to: a list of connections, and `send_text` to each in turn. For comparison."""

import sys

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

PAYLOAD = 200
app = FastAPI()
members: set[WebSocket] = set()


@app.websocket("/{room}")
async def member(socket: WebSocket) -> None:
    await socket.accept()
    members.add(socket)
    try:
        while True:
            text = (await socket.receive_text()).ljust(PAYLOAD)
            for each in list(members):
                await each.send_text(text)
    except WebSocketDisconnect:
        members.discard(socket)


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", backlog=4096)
