import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PortState, Probe, Verdict } from '../../src/track/exchange.ts';

/** Absolute path of fixtures/, without a slash at the end. */
export const FIXTURES = fileURLToPath(new URL('../../fixtures', import.meta.url));

/** One exchange that a report on the capture must hold. What is absent is not asked for. */
export interface ExpectedExchange {
  /** "10.0.0.1:*" or "[2001:db8::1]:0"; an address or a port of "*" stands for any. */
  readonly client: string;
  readonly server: string;
  readonly probe: Probe | null;
  readonly verdict: Verdict;
  readonly state: PortState;
  readonly reason: string | null;
  readonly answeredBy?: string | null;
  readonly probeFrame?: number | null;
  readonly answerFrame?: number | null;
  /** All its frames, mirrored copies too. */
  readonly all?: readonly number[];
  readonly retransmissions?: number;
  readonly established?: boolean;
  readonly bytesToServer?: number;
  readonly bytesToClient?: number;
  readonly close?: 'fin' | 'reset' | null;
  /** Names of the layers, outermost first. */
  readonly layers?: readonly string[];
  /** Where the flow lives, as in "vlan 5 > vxlan 42". */
  readonly scope?: string;
  /** Where the answer came through, where that is another scope. */
  readonly answerScope?: string;
  /** So many exchanges look like this one; 1 when absent. */
  readonly count?: number;
}

/** Derived from the RFCs, from nmap and from tshark by the script that made the capture, never from portzero. */
export interface Expectation {
  /** Exchanges with port 0 at either end by verdict; only those that are not 0. Absent where it is left open. */
  readonly portZero?: Readonly<Partial<Record<Verdict, number>>>;
  /** The same of all other exchanges. Absent where it is left open. */
  readonly others?: Readonly<Partial<Record<Verdict, number>>>;
  /** All exchanges with port 0, unless portZero is absent; and some of the others. */
  readonly exchanges: readonly ExpectedExchange[];
  /** Ids of the rules that fire with the default configuration: these and no others. Absent where it is left open. */
  readonly rules?: readonly string[];
}

export interface NmapResult {
  readonly command: string;
  readonly state: string;
  readonly reason: string;
}

export interface CaptureEntry {
  /** Path below fixtures/. */
  readonly file: string;
  /** What happens in it, one line. */
  readonly shows: string;
  readonly sha256: string;
  readonly format: 'pcap' | 'pcapng';
  readonly compression: 'gzip' | 'zstd' | null;
  /** In order of appearance. */
  readonly linkTypes: readonly string[];
  /** By capinfos. */
  readonly frames: number;
  /** Which stacks, and who recorded. */
  readonly origin: string;
  readonly made: string;
  readonly licence: string;
  /** What the program that asked was told: "connect(): ECONNREFUSED". */
  readonly told?: string;
  readonly tshark: {
    /** Frames that tshark dissects as TCP with port 0 at any depth, ICMP errors that quote such a segment included. Null where
     * tshark cannot read the file. */
    readonly portZeroFrames: readonly number[] | null;
    /** Why portzero's frames differ from these, where they do. */
    readonly differs?: string;
  };
  /** Codes of the problems that the input has with the default configuration, and so is not complete; none when absent. */
  readonly problems?: readonly string[];
  /** What nmap said of port 0 in this very capture; portzero must say the same of it. */
  readonly nmap?: NmapResult;
  /** What nmap said where it does not say what the wire says, and why. */
  readonly nmapDiffers?: NmapResult & { readonly why: string };
  /** Result of nmap's test T5, as answered in frame answerFrame. */
  readonly nmapOs?: { readonly t5: string; readonly answerFrame: number };
  readonly expect: Expectation;
}

/** The captures of fixtures/, with what is known of them; sorted by file. */
export function loadManifest(): readonly CaptureEntry[] {
  return JSON.parse(readFileSync(`${FIXTURES}/manifest.json`, 'utf8')).captures;
}
