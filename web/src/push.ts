// This browser's subscription to push notifications.
import { api, dataOf, type Schemas } from "./api/client";

export type PushState = "unsupported" | "insecure" | "blocked" | "off" | "on";
type Described = Schemas["PushSubscriptionIn"];

/** Whether this browser can be notified, and is. */
export async function pushState(): Promise<PushState> {
  if (!globalThis.isSecureContext) return "insecure";
  if (!("serviceWorker" in navigator) || !("PushManager" in globalThis) || !("Notification" in globalThis)) return "unsupported";
  if (Notification.permission === "denied") return "blocked";
  return (await currentSubscription()) ? "on" : "off";
}

export async function currentSubscription(): Promise<PushSubscription | null> {
  const worker = await navigator.serviceWorker?.getRegistration("/");
  return (await worker?.pushManager.getSubscription()) ?? null;
}

/** What the server needs to know of a subscription. */
export function described(subscription: PushSubscriptionJSON, services: string[]): Described {
  const { p256dh = "", auth = "" } = subscription.keys ?? {};
  return { endpoint: subscription.endpoint ?? "", p256dh, auth, services };
}

/** The key as browsers take it: its bytes. */
export function keyBytes(base64url: string): Uint8Array<ArrayBuffer> {
  const letters = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}

/** Asks for permission, subscribes this browser, and tells the server; a subscription for an old key is replaced. */
export async function subscribe(publicKey: string, services: string[]): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("The browser does not allow notifications of this site.");
  const worker = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: keyBytes(publicKey) };
  const subscription = await worker.pushManager.subscribe(options).catch(async (error: unknown) => {
    const old = await worker.pushManager.getSubscription();
    if (!old) throw error;
    await old.unsubscribe();
    return worker.pushManager.subscribe(options);
  });
  await tellServer(subscription, services);
}

/** Ties this browser's subscription to the session of now, so that it does not end with an older one. */
export async function renew(): Promise<void> {
  const subscription = await currentSubscription();
  if (!subscription) return;
  const { items } = await dataOf(api.GET("/api/v1/push"));
  const id = await deviceId(subscription.endpoint);
  const device = items.find((known) => known.id === id);
  if (device) await tellServer(subscription, device.services);
}

const tellServer = (subscription: PushSubscription, services: string[]): Promise<Schemas["PushSubscriptionOut"]> =>
  dataOf(api.PUT("/api/v1/push/subscriptions", { body: described(subscription.toJSON(), services) }));

/** The id under which the server lists a subscription. */
export async function deviceId(endpoint: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, 32);
}
