"""Writes events with Python's standard library, to the server in BITACORA_URL with the key in BITACORA_API_KEY."""

import json
import os
import random
import time
import urllib.error
import urllib.request


def uuid7():
    value = (int(time.time() * 1000) << 80) | random.SystemRandom().getrandbits(80)
    value = (value & ~(0xF << 76)) | (7 << 76)  # version
    value = (value & ~(0x3 << 62)) | (2 << 62)  # variant
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def event(action, actor, **fields):
    """Makes an event. Its id is made before the first attempt, so that sending it again does no harm."""
    return {"id": uuid7(), "action": action, "actor": actor, **fields}


def store(events, attempts=8):
    """Sends events until the server has answered for each of them. The results in the answer name the rejected ones."""
    request = urllib.request.Request(
        os.environ["BITACORA_URL"] + "/v1/events",
        data=json.dumps(events).encode(),
        headers={
            "Authorization": "Bearer " + os.environ["BITACORA_API_KEY"],
            "Content-Type": "application/json",
        },
    )
    for attempt in range(attempts):
        wait = random.uniform(0, min(60, 0.5 * 2**attempt))
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            if refused.code not in (408, 425, 429) and refused.code < 500:
                return json.load(refused)
            wait = float(refused.headers.get("Retry-After", wait))
        except OSError:
            pass  # without an answer, nobody knows whether the events are stored
        time.sleep(wait)
    raise RuntimeError("not stored: keep the events")


if __name__ == "__main__":
    ana = {"id": "ana", "name": "Ana Torres", "role": "accountant"}
    events = [
        event("invoice.approve", ana, target={"type": "invoice", "id": "1042"}, attributes={"from": "python"}),
        event("invoice.print", ana, target={"type": "invoice", "id": "1042"}, attributes={"from": "python"}),
        event("not one word", ana),
    ]
    first, again = store(events), store(events)
    print("accepted", first["accepted"], "rejected", first["rejected"], "duplicates", again["duplicates"])
