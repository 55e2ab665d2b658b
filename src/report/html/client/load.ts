/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { PagePayload } from '../payload.ts';

/** Reads what the page carries: JSON, or where that is large, gzip in base64. */
export async function loadPayload(): Promise<PagePayload> {
  const holder = document.getElementById('payload')!;
  const text = holder.textContent ?? '';
  if (holder.getAttribute('type') === 'application/json') return JSON.parse(text);
  const binary = atob(text.trim());
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return JSON.parse(await new Response(stream).text());
}
