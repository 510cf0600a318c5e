/** A request as it is sent, and the answer as it comes, with the time it took. */

/**
 * @param {{method: string, address: string, headers: Record<string, string>, body?: string}} call
 * @returns {Promise<{status: number, reason: string, ms: number, headers: [string, string][], type: string, text: string, size: number}>}
 */
export async function timed({ method, address, headers, body }) {
  const began = performance.now();
  const answer = await fetch(address, { method, headers, body: body || undefined, cache: "no-store" });
  const bytes = await answer.arrayBuffer();
  const type = answer.headers.get("Content-Type") ?? "";
  const readable = /json|text|xml|svg|mpegurl/.test(type);
  return {
    status: answer.status,
    reason: answer.statusText,
    ms: performance.now() - began,
    headers: [...answer.headers],
    type,
    text: readable ? new TextDecoder().decode(bytes) : "",
    size: bytes.byteLength,
  };
}
