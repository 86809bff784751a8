const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;
const READ_AS_TEXT = /json|^text\//;

/**
 * The text without the characters that turn the order of letters around: one in a title would turn around this console's own words beside it, and show
 * a command otherwise than it is copied. Arabic and Hebrew need none of them.
 */
export const withoutControls = (text: string): string => text.replace(CONTROLS, "");

/** The same of an answer of the server. */
export async function readable(response: Response): Promise<Response> {
  if (!READ_AS_TEXT.test(response.headers.get("Content-Type") ?? "")) return response;
  const { status, statusText, headers } = response;
  return new Response(withoutControls(await response.text()) || null, { status, statusText, headers }); // a 204 may have no body, not even an empty one
}
