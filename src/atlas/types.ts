/** What atlas/atlas.json holds: what stacks do with port 0, as it was measured, and apart from that as it was read in their code. */
export interface Atlas {
  readonly schemaVersion: 1;
  /** Stacks that were run. */
  readonly stacks: readonly StackEntry[];
  /** Stacks that were not: what their code or documentation says. */
  readonly byCode: readonly CodeEntry[];
}

export type StackKind = 'kernel' | 'library' | 'user-mode-network' | 'firmware' | 'firewall' | 'learned';

export interface StackEntry {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly kind: StackKind;
  /** The operating system whose kernel it is, as in process.platform; absent for others. */
  readonly system?: string;
  /** How it was run. */
  readonly how: string;
  /** As in "2026-11-26". */
  readonly date: string;
  /** What starts it, and what recorded it; a learned entry has neither. */
  readonly script?: string;
  readonly recorder?: string;
  readonly cells: readonly Cell[];
  /** What programs on it were told. */
  readonly inside: readonly InsideRow[];
}

/** One question of the battery, and what came back over the wire. */
export interface Cell {
  readonly case: CaseName;
  readonly family: 4 | 6;
  /** Below fixtures/ of the repository; a learned entry has none. */
  readonly capture?: string;
  readonly sha256?: string;
  /** In order; empty for silence. */
  readonly answers: readonly Answer[];
}

/** An answer's fields that matter; numbers are said in terms of what was asked. */
export interface Answer {
  readonly kind: 'rst' | 'syn-ack' | 'syn' | 'ack' | 'icmp' | 'udp';
  /** As in "ACK,RST". */
  readonly flags?: string;
  /** "0", the question's acknowledgment number, or one of its own. */
  readonly sequence?: '0' | 'ack' | 'own';
  /** "0", "seq", "seq+1", "seq+2", the question's acknowledgment number, or something else. */
  readonly acknowledgment?: string;
  readonly window?: number;
  /** Names of the TCP options in order, as in "mss,nop,wscale". */
  readonly options?: string;
  readonly type?: number;
  readonly code?: number;
  readonly ttl: number;
  /** Absent over IPv6. */
  readonly ipId?: '0' | 'set';
  readonly dontFragment?: boolean;
  /** Who sent it, where that is not whom was asked. */
  readonly from?: string;
  readonly times?: number;
}

/** A question asked from inside. */
export interface InsideRow {
  readonly question: string;
  readonly program: string;
  readonly told: string;
  /** Whether a SYN to port 0 went out. */
  readonly synLeft: boolean;
  readonly capture?: string;
  readonly sha256?: string;
}

export interface CodeEntry {
  readonly id: string;
  readonly name: string;
  readonly evidence: 'code' | 'documentation';
  /** The operating system whose stack it is, as in process.platform; absent for others. */
  readonly system?: string;
  readonly claims: readonly CodeClaim[];
}

export interface CodeClaim {
  readonly question: string;
  readonly says: string;
  /** Where that is: a repository's file and function, or a page. */
  readonly repository?: string;
  readonly commit?: string;
  readonly file?: string;
  readonly function?: string;
  readonly page?: string;
}

/** The battery, in the order in which it is asked. */
export const CASES = [
  'syn-to-0',
  'syn-from-0-to-open',
  'syn-from-0-to-closed',
  'syn-0-to-0',
  'null-to-0',
  'fin-to-0',
  'xmas-to-0',
  'maimon-to-0',
  'ack-to-0',
  'syn-ack-to-0',
  'rst-to-0',
  'udp-to-0',
  'udp-from-0',
  'udp-0-to-0',
  'syn-to-open',
  'syn-to-closed',
] as const;
export type CaseName = (typeof CASES)[number];

/** What each case asks, for people. */
export const CASE_TEXTS: Readonly<Record<CaseName, string>> = {
  'syn-to-0': 'SYN to port 0',
  'syn-from-0-to-open': 'SYN from port 0 to an open port',
  'syn-from-0-to-closed': 'SYN from port 0 to a closed port',
  'syn-0-to-0': 'SYN from port 0 to port 0',
  'null-to-0': 'NULL to port 0',
  'fin-to-0': 'FIN to port 0',
  'xmas-to-0': 'XMAS to port 0',
  'maimon-to-0': 'Maimon (FIN and ACK) to port 0',
  'ack-to-0': 'ACK to port 0',
  'syn-ack-to-0': 'SYN-ACK to port 0',
  'rst-to-0': 'RST to port 0',
  'udp-to-0': 'UDP to port 0',
  'udp-from-0': 'UDP from port 0 to a closed port',
  'udp-0-to-0': 'UDP from port 0 to port 0',
  'syn-to-open': 'SYN to an open port, for comparison',
  'syn-to-closed': 'SYN to a closed port, for comparison',
};
