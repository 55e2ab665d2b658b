import { linkTypeNames } from '../decode/link/linktypes.ts';
import { nearestWord } from './nearest.ts';

/** What to tell of a word that names no link type. */
export function unknownLinkType(name: string): string {
  const near = nearestWord(name.toLowerCase(), linkTypeNames());
  const hint = near === null ? '' : `did you mean ${near}? `;
  return `${JSON.stringify(name)} is no link type; ${hint}allowed are the names of https://www.tcpdump.org/linktypes.html and numbers`;
}
