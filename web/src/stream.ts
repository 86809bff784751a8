// The live stream: one connection for the whole page, which goes on where it stopped; whoever shows something is told what is new.
import { onSession } from "./api/session";

export interface Hint {
  readonly type: string;
  readonly id: string;
  readonly seq: number;
}
export type StreamMessage = Hint | { readonly type: "heartbeat"; readonly seq: number } | { readonly type: "hello"; readonly seq: number; readonly resumed?: boolean; readonly after?: number };

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const SILENCE_MS = 40_000; // more than two heartbeats
const LONGEST_REPLAY_MS = 1_000_000;

/** How long this page has been there; a clock that stood still while the device slept is not trusted. */
const pageAgeMs = (): number => Math.ceil(Math.max(performance.now(), Date.now() - performance.timeOrigin));

export class Stream {
  connected = false;
  private seq: number | null = null;
  private socket: WebSocket | null = null;
  private wait = FIRST_WAIT_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();
  private running = 0;
  private forget: (() => void) | undefined;

  constructor(private readonly news: (hint: Hint | null) => void) {}

  readonly subscribe = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };

  start(): void {
    this.running += 1;
    this.forget = onSession(() => this.again(0));
    this.again(0);
  }

  stop(): void {
    this.running += 1;
    this.forget?.();
    clearTimeout(this.timer);
    this.drop();
  }

  /** Connect after a while; a connection that is there is given up. */
  private again(wait: number): void {
    clearTimeout(this.timer);
    this.drop();
    const connection = (this.running += 1);
    this.timer = setTimeout(() => this.open(connection), wait);
  }

  private open(connection: number): void {
    const query = new URLSearchParams();
    if (this.seq !== null) query.set("after", String(this.seq));
    else if (pageAgeMs() < LONGEST_REPLAY_MS) query.set("last_ms", String(pageAgeMs())); // all that the page was answered is younger
    if (connection !== this.running) return;
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/live?${query}`);
    this.socket = socket;
    socket.onmessage = ({ data }) => this.receive(JSON.parse(String(data)) as StreamMessage);
    socket.onclose = () => {
      if (this.socket === socket) this.later();
    };
  }

  private receive(message: StreamMessage): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.later(), SILENCE_MS);
    if (message.type === "hello") {
      this.wait = FIRST_WAIT_MS;
      this.tell(true);
      if ("resumed" in message && message.resumed) this.seq ??= message.after ?? message.seq;
      else {
        this.seq = message.seq;
        this.news(null); // what happened since the page's first questions is in none of their answers
      }
    } else if ("id" in message) {
      this.seq = message.seq;
      this.news(message);
    }
  }

  private later(): void {
    const wait = this.wait * (0.5 + Math.random());
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
    this.again(wait);
  }

  private drop(): void {
    clearTimeout(this.silence);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.tell(false);
  }

  private tell(connected: boolean): void {
    if (connected === this.connected) return;
    this.connected = connected;
    for (const changed of this.listeners) changed();
  }
}
