# pip install websockets
# ROWCAST_TOKEN=$(rowcast token create --role staff) python3 live.py
import asyncio
import json
import os

from websockets.asyncio.client import connect

QUESTION = {}


async def main():
    headers = {"Authorization": f"Bearer {os.environ['ROWCAST_TOKEN']}"}
    async with connect(SOCKET, subprotocols=["rowcast.v1"], additional_headers=headers) as socket:
        await socket.send(json.dumps({"type": "subscribe", "id": "1", **QUESTION}))
        rows, key, staged, complete = {}, [], [], False
        async for text in socket:
            frame = json.loads(text)
            kind = frame["type"]
            if kind == "error":
                raise SystemExit(frame["message"])
            if kind == "subscribed":
                key = frame["key"]
            if kind in ("subscribed", "resync"):
                staged, complete = [{"op": "truncate"}], False
            if kind == "snapshot":
                staged += [{"op": "insert", "row": row} for row in frame["rows"]]
                complete = complete or not frame.get("more", False)
            if kind == "changes":
                staged += frame["changes"]
            # Everything up to a position becomes visible at once.
            if not frame.get("position") or not complete or not staged:
                continue
            for change in staged:
                if change["op"] == "truncate":
                    rows.clear()
                elif change["op"] == "delete":
                    rows.pop(json.dumps([change["key"][column] for column in key]), None)
                else:
                    rows[json.dumps([change["row"][column] for column in key])] = change["row"]
            staged = []
            print(list(rows.values()))


asyncio.run(main())
