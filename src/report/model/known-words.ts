import type { KnownReport } from './types.ts';

/** "known since 2026-11-26: the old scanner". The reason is a person's text, and not made fit for anything. */
export function formatKnown({ since, why }: KnownReport): string {
  return `known since ${since}${why === '' ? '' : `: ${why}`}`;
}
