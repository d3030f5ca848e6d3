"""An HTTP server that answers every chat completion at once, in vLLM's format: `python -m ...stub_server PORT TOKENS`.

It parses only the length, the seed and n of a request, so that the benchmark measures the client.
"""

import asyncio
import json
import re
import sys
from functools import cache

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
SEED, COUNT = re.compile(rb'"seed": ?(\d+)'), re.compile(rb'"n": ?(\d+)')
MODELS = {"object": "list", "data": [{"id": "stub", "object": "model", "owned_by": "vllm"}]}
CHOICE = b'{"index": %d, "message": {"role": "assistant", "content": "%b"}, %b}'
ANSWER = (
    b'{"id": "1", "model": "stub", "choices": [%b], "prompt_token_ids": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], '
    b'"usage": {"prompt_tokens": 13, "completion_tokens": %d}}'
)


def completion(body: bytes, tokens: int) -> bytes:
    """Texts that depend on the seed, with token ids and log-probabilities."""
    seed, count = (int(found[1]) if (found := pattern.search(body)) else 1 for pattern in (SEED, COUNT))
    choices = (
        CHOICE
        % (index, " ".join(f"w{(seed + index) * place % 9973}" for place in range(tokens)).encode(), rest(tokens))
        for index in range(count)
    )
    return ANSWER % (b", ".join(choices), tokens * count)


@cache
def rest(tokens: int) -> bytes:
    """The part that all completions share."""
    content = [{"token": "w", "logprob": -0.5, "bytes": [119], "top_logprobs": []}] * tokens
    values = {"finish_reason": "stop", "token_ids": list(range(1, tokens + 1)), "logprobs": {"content": content}}
    return json.dumps(values).encode()[1:-1]


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tokens: int) -> None:
    """Serves one connection until the client closes it."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = LENGTH.search(head)
            body = await reader.readexactly(int(length[1])) if length else b""
            answer = json.dumps(MODELS).encode() if head.startswith(b"GET") else completion(body, tokens)
            writer.write(HEAD % len(answer) + answer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main(port: int, tokens: int) -> None:
    """Serves until the process is killed."""
    server = await asyncio.start_server(lambda reader, writer: serve(reader, writer, tokens), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
