import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { type Hint, Stream } from "./stream";

/** A socket whose messages the test sends. */
class Socket {
  static readonly opened: Socket[] = [];
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor(readonly url: string) {
    Socket.opened.push(this);
  }
  close(): void {
    this.onclose?.();
  }
  send(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

let news: (Hint | null)[];
let stream: Stream;

const query = (socket: Socket | undefined) => new URL(socket?.url ?? "").searchParams;

/** The socket of the next connection. */
async function next(): Promise<Socket> {
  const before = Socket.opened.length;
  await vi.advanceTimersByTimeAsync(20_000);
  const socket = Socket.opened[before];
  if (!socket) throw new Error("the stream opened no socket");
  return socket;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.stubGlobal("location", new URL("http://recall.example/"));
  vi.stubGlobal("WebSocket", Socket);
  news = [];
  stream = new Stream((hint) => news.push(hint));
});
afterEach(() => {
  stream.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a new page asks for what happened since it was opened, and asks nothing again", async () => {
  stream.start();
  const socket = await next();
  expect(Number(query(socket).get("last_ms"))).toBeGreaterThan(0);
  socket.send({ type: "hello", seq: 9, resumed: true, after: 7 });
  expect(news).toEqual([]);
  socket.close(); // before the hints have come: they are asked for again
  const second = await next();
  expect([query(second).get("after"), query(second).get("last_ms")]).toEqual(["7", null]);
  second.send({ type: "hello", seq: 9, resumed: true, after: 7 });
  second.send({ type: "noted", id: "INC-1", seq: 8 });
  expect(news).toEqual([{ type: "noted", id: "INC-1", seq: 8 }]);
  second.close();
  expect(query(await next()).get("after")).toBe("8");
});

test("where nobody knows what was missed, everything is asked for again", async () => {
  stream.start();
  const socket = await next();
  socket.send({ type: "hello", seq: 20_000, resumed: false });
  expect(news).toEqual([null]);
  socket.close();
  expect(query(await next()).get("after")).toBe("20000");
});
