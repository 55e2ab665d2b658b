import type { CaptureProblem, Count } from '../../capture/source.ts';
import type { AnswerKind, PortState, PortZeroEnd, Probe, Verdict } from '../../track/exchange.ts';
import type { Severity } from '../../words/severity.ts';
import type { FindingIdentity } from './same-finding.ts';

/** The JSON report, schemaVersion 1. Plain data: it survives JSON and structured cloning. */
export interface AnalysisReport {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: 'portzero'; readonly version: string };
  readonly inputs: readonly InputReport[];
  readonly summary: SummaryReport;
  /** By input and first frame; at most the listing limit. */
  readonly exchanges: readonly ExchangeReport[];
  readonly findings: readonly FindingReport[];
  readonly omitted: OmittedReport;
  readonly timeline: TimelineReport;
  readonly top: TopReport;
  /** Absent where the run had no baseline. */
  readonly baseline?: BaselineReport;
}

/** What a baseline says of a finding that it has. */
export interface KnownReport {
  /** As in "2026-11-26". */
  readonly since: string;
  /** What a person wrote there; "" when nobody did. */
  readonly why: string;
}

/** How the findings of a run compare with a baseline. What is in `summary.findings` and not known is new. */
export interface BaselineReport {
  /** The file, as it was named. */
  readonly file: string;
  /** Findings that it has, listed or not. */
  readonly known: Readonly<Record<Severity, number>>;
  /** What it has and this run has not. */
  readonly gone: readonly GoneReport[];
}

/** A finding of the baseline that did not come again. */
export interface GoneReport extends KnownReport {
  readonly ruleId: string;
  /** As the baseline has them; null where it is about many. */
  readonly who: string | null;
  readonly whom: string | null;
  readonly scope: string;
  /** Line of the baseline, from 1. */
  readonly line: number;
  /** Why it could not come again, where that is not because it is gone. */
  readonly cause: 'not-seen' | 'ignored' | 'rule-off';
}

export interface InputReport {
  readonly name: string;
  readonly format: 'pcap' | 'pcapng' | 'live' | null;
  readonly compression: 'gzip' | 'zstd' | null;
  /** Names of the link types seen, as tcpdump.org lists them without LINKTYPE_. */
  readonly linkTypes: readonly string[];
  readonly frames: number;
  /** Sum of the captured lengths of the frames. */
  readonly bytes: number;
  readonly firstTime: string | null;
  readonly lastTime: string | null;
  /** False when something could not be read. */
  readonly complete: boolean;
  readonly drops: number | string | null;
  readonly problems: readonly CaptureProblem[];
  /**
   * Present where the input was read from the distillates of so many captures (merge): exchanges without port 0 are counted in each of
   * them by itself then.
   */
  readonly distilled?: number;
}

export type VerdictCounts = Readonly<Record<'total' | Verdict, number>>;

export interface NotLookedIntoReport {
  readonly frames: number;
  /** Reason -> frames; each frame has one reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

export interface SummaryReport {
  readonly frames: number;
  readonly tcpSegments: number;
  readonly icmpErrors: number;
  readonly fragments: number;
  readonly undecoded: Readonly<Record<string, number>>;
  /** Frames that were followed neither to TCP nor to something known to hold none, and why. */
  readonly notLookedInto: NotLookedIntoReport;
  readonly exchanges: VerdictCounts;
  readonly portZero: VerdictCounts;
  readonly findings: Readonly<Record<Severity, number>>;
}

/** Of verdicts that there are. */
export type VerdictShares = Readonly<Partial<Record<Verdict, number>>>;

/** When exchanges with port 0 began: all of them, listed or not. */
export interface TimelineReport {
  /** Width of a bin, a power of two; null where there is none. */
  readonly binSeconds: number | null;
  /** Those with an exchange in them, in the order of time; each begins at a multiple of the width from 1970 on. */
  readonly bins: readonly { readonly time: string; readonly count: number; readonly verdicts: VerdictShares }[];
  /** Exchanges without time. */
  readonly untimed: number;
}

/** Who asked port 0, or from port 0, and whom: of all exchanges with port 0, listed or not. */
export interface TopReport {
  readonly sources: TopEndsReport;
  readonly targets: TopEndsReport;
}

/** The busiest ends of one side. Exact while `maxError` is 0. */
export interface TopEndsReport {
  /** Ends seen; where there were too many to tell, at least so many. */
  readonly distinct: { readonly count: number; readonly atLeast: boolean };
  /** An end that was not kept has so many exchanges at most, and no count is too high by more. */
  readonly maxError: number;
  /** The highest count first. */
  readonly ends: readonly TopEndReport[];
}

export interface TopEndReport {
  readonly address: string;
  /** The end has so many exchanges at most, and `count` - `error` at least. */
  readonly count: number;
  readonly error: number;
  /** Of those that are sure to be its own: together `count` - `error`. */
  readonly verdicts: VerdictShares;
  /** Absent where nothing is known, or nobody asked. */
  readonly origin?: OriginReport;
}

/** Where an address is, as databases (--geoip) and the DNS (--resolve) have it. */
export interface OriginReport {
  /** ISO 3166-1, two letters. */
  readonly country: string | null;
  /** Number of the autonomous system. */
  readonly asn: number | null;
  /** Who runs that. */
  readonly organization: string | null;
  /** The name that the DNS has for the address. */
  readonly name: string | null;
}

export interface EndpointReport {
  readonly address: string;
  readonly port: number;
  /** Absent where nothing is known, or nobody asked. */
  readonly origin?: OriginReport;
}

export interface ExchangeReport {
  readonly id: number;
  readonly input: number;
  readonly client: EndpointReport;
  readonly server: EndpointReport;
  readonly portZero: PortZeroEnd | null;
  readonly probe: Probe | null;
  readonly verdict: Verdict;
  readonly state: PortState;
  readonly reason: string | null;
  /** Accepted, as what followed shows; the SYN-ACK is not in the capture. */
  readonly inferred: boolean;
  /** Unsolicited, and a conversation rather than a single answer: the capture began late. */
  readonly lateStart: boolean;
  readonly answeredBy: string | null;
  /** RFC 3339, UTC; null where the frame has no time. */
  readonly started: string | null;
  readonly answered: string | null;
  readonly latencyMs: number | null;
  readonly retransmissions: number;
  readonly frames: {
    readonly probe: number | null;
    readonly answer: number | null;
    /** In order; of many the first and the last. */
    readonly all: readonly number[];
    /** Frames that belong to the exchange. */
    readonly count: number;
    /** How many of them `all` leaves out. */
    readonly omitted: number;
  };
  readonly established: boolean;
  readonly bytesToServer: number;
  readonly bytesToClient: number;
  readonly close: 'fin' | 'reset' | null;
  /** Names of the layers, outermost first. */
  readonly layers: readonly string[];
  /** Where the flow lives: "" or as in "vlan 5 > vxlan 42". */
  readonly scope: string;
  /** Where the answer came through, when that is another scope than the question's; null otherwise. */
  readonly answerScope: string | null;
  readonly communityId: string | null;
  /** What is odd about its segments: words, as in "syn-fin". */
  readonly anomalies: readonly string[];
  readonly evidence: {
    readonly probe: SegmentReport | null;
    readonly answer: SegmentReport | null;
    readonly otherAnswers: readonly SegmentReport[];
    /** With port 0: further segments as they were seen, the first 64: handshake, data, FIN, what was sent again. */
    readonly segments: readonly TracedSegmentReport[];
    /** Sentences on what the evidence says beyond the verdict: an unseen answer, a second answerer, a bad checksum. */
    readonly notes: readonly string[];
    /** Which stacks of the atlas answer so; absent where the bytes do not tell. */
    readonly looksLike?: LooksLikeReport;
  };
}

/** A segment of an exchange with port 0 that is neither its opening nor one of its answers. */
export interface TracedSegmentReport {
  readonly frame: number;
  readonly time: string | null;
  readonly sender: 'client' | 'server';
  readonly ttl: number;
  readonly flags: string;
  readonly sequence: number;
  readonly acknowledgment: number;
  /** Null where the capture cut it. */
  readonly window: number | null;
  readonly payloadLength: number | null;
  readonly checksumBad: boolean;
}

/** A host's answers held against the atlas, all of the report's exchanges with it together. */
export interface LooksLikeReport {
  /** In words: "answers like A, B; not like C (TTL 255), D (silent)". */
  readonly text: string;
  /** Stacks, and what may stand before one, that cannot be told from it. */
  readonly like: readonly string[];
  /** Those that would have answered otherwise; none where nothing was answered, for a filter may have dropped it. */
  readonly unlike: readonly string[];
  /** Different answers that were weighed. */
  readonly answers: number;
}

/** A segment, or an ICMP error, as evidence. */
export interface SegmentReport {
  readonly frame: number;
  readonly time: string | null;
  readonly kind: AnswerKind | 'probe';
  readonly source: string;
  readonly acceptable: boolean;
  readonly reason: string;
  readonly ttl: number;
  /** Likely number of routers passed, from the TTL. */
  readonly hops: number | null;
  readonly ipId: number | null;
  readonly dontFragment: boolean;
  /** As in "SYN,ACK"; null for ICMP and where the capture cut it. */
  readonly flags: string | null;
  readonly sequence: number | null;
  readonly acknowledgment: number | null;
  readonly window: number | null;
  /** As in "mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7" (tcpdump's words); "" when none. */
  readonly options: string;
  readonly payloadLength: number | null;
  /** Text of the payload of a RST or SYN with data, control characters escaped; null when none. */
  readonly payloadText: string | null;
  readonly icmp: { readonly type: number; readonly code: number } | null;
  readonly repeats: number;
  readonly checksumBad: boolean;
  /** nmap's notation (test T5) of a RST from a closed port; null otherwise. */
  readonly fingerprint: string | null;
}

export interface FindingReport {
  readonly ruleId: string;
  readonly severity: Severity;
  readonly message: string;
  /** Id of the exchange; null when the finding is about several or about none. */
  readonly exchange: number | null;
  readonly input: number;
  /** Those that show it: the first and the last, where there are many. */
  readonly frames: readonly number[];
  /** How many more it is about; none where absent. */
  readonly framesOmitted?: number;
  /** RFC 3339, UTC; null when there is none, as for an expectation that nothing touched. */
  readonly time: string | null;
  /** Of a broken expectation: where the configuration has it. Absent where it is in no file. */
  readonly place?: { readonly file: string; readonly line: number };
  /** What the baseline says of it; null when it is new, absent where there is no baseline. Known findings do not fail. */
  readonly known?: KnownReport | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface OmittedReport {
  readonly exchanges: number;
  readonly findings: number;
  /** Exchanges that left the full table before their verdict was known. */
  readonly evicted: number;
  /** Attempts on the same ends with one number, too many for each of them to be found by an answer. */
  readonly attempts: number;
}

/** Listed exchanges that are alike, of whichever input, so that ten thousand of them are one line. Covers the omitted ones too. */
export interface ExchangeGroup {
  /** The first input that has some. */
  readonly input: number;
  /** How many inputs have some. */
  readonly inputs: number;
  readonly portZero: PortZeroEnd | null;
  readonly probe: Probe | null;
  readonly verdict: Verdict;
  readonly lateStart: boolean;
  readonly state: PortState;
  readonly reason: string | null;
  /** Rules that fired on each of them. */
  readonly ruleIds: readonly string[];
  /** The highest of its rules, of those that are new where some are; null where none fired (listed since all exchanges were asked for). */
  readonly severity: Severity | null;
  /** Those of its rules whose findings the baseline has; absent where there is no baseline. */
  readonly knownRuleIds?: readonly string[];
  /** What the baseline says of them: the first few that differ. Empty where there is none. */
  readonly known?: readonly KnownReport[];
  readonly count: number;
  /** Distinct clients and servers; exact up to the bound at which counting stopped (then atLeast is true). */
  readonly clients: { readonly count: number; readonly atLeast: boolean };
  readonly servers: { readonly count: number; readonly atLeast: boolean };
  /** Null where no frame has a time. */
  readonly firstTime: string | null;
  readonly lastTime: string | null;
  /** The first few of them. */
  readonly examples: readonly ExchangeReport[];
}

/** One entry under `expect` of the configuration, and whether it held. */
export interface ExpectationReport {
  readonly name: string;
  readonly held: boolean;
}

/** Everything a finished run has to tell. What is not part of the JSON report is beside it, not in it. */
export interface RunResult {
  readonly report: AnalysisReport;
  readonly groups: readonly ExchangeGroup[];
  /** Of each input the findings that no baseline has, listed or not; counted from the lists where absent. */
  readonly newByInput?: ReadonlyArray<Readonly<Record<Severity, number>>>;
  /** Frames that the capture lost of the inputs in which some exchange met with silence; 0 when none is known. */
  readonly lostBesideSilence?: Count;
  /** Whether some exchange met with silence on an interface whose capturer did not tell what it lost. */
  readonly isLossUnknownBesideSilence?: boolean;
  /** Packets without a time stamp: of them neither rates nor waiting times could be judged. */
  readonly untimed?: number;
  /** Exchanges with port 0 that the configuration says to ignore: counted in the summary, and not flagged. */
  readonly ignored?: number;
  /** Every expectation of the configuration, those that held too; findings tell what broke the others. */
  readonly expectations?: readonly ExpectationReport[];
  /** With --update-baseline: findings that the baseline is to have from now on. */
  readonly added?: readonly FindingIdentity[];
  /** From which severity on findings make the run fail (default warning). */
  readonly failOn?: Severity | 'never';
  /** Wall-clock milliseconds. */
  readonly elapsedMs: number;
}

export interface ReportContext {
  /** Columns of the terminal; 80 when there is none. */
  readonly width: number;
  readonly color: boolean;
}

/** Writes a whole report once the run is over. Pure. */
export type DocumentReporter = (result: RunResult, context: ReportContext) => Iterable<string>;

/** What a stream is told beside: it hears of exchanges before there is a report. */
export interface StreamContext extends ReportContext {
  /** The name that an input of the report will have; null when there is none of this index. */
  inputName(input: number): string | null;
}

/** Writes as results come. */
export interface StreamReporter {
  exchange(exchange: ExchangeReport): void;
  finding(finding: FindingReport, exchange: ExchangeReport | null): void;
  /** Live only: the first answer to an exchange that has findings, which are told again as they read now. */
  answered?(exchange: ExchangeReport, findings: readonly FindingReport[]): void;
  /** Live only, of who does not show all: what comes is only counted while it is full. */
  readonly overflow?: Overflow;
  /** Live only, where they are asked for: the numbers of the run as they are now. */
  stats?(stats: StatsReport): void;
  end(result: RunResult): void;
  /** What a file of it begins with; asked once for each (--rotate). Where there is one, it writes no head itself. */
  head?(): string;
  /** What a file of it ends with, when that is closed. */
  foot?(): string;
}

/** Who shows so much in a while, and counts the rest. */
export interface Overflow {
  /** Whether a finding about another exchange would not be shown. */
  readonly isFull: boolean;
  /** So many of them were not told. Nor is what comes of their exchanges. */
  count(findings: number): void;
}

/** How a live run goes: all counted since its start. */
export interface StatsReport {
  readonly time: string;
  readonly uptimeSeconds: number;
  /** Whether a capturer hands out frames. */
  readonly capturing: boolean;
  readonly frames: number;
  /** Captured bytes of the frames. */
  readonly bytes: number;
  /** Frames that the kernel or the capturer has lost; null where nobody counts them. */
  readonly drops: number | string | null;
  /** How far the newest frame is behind the clock while frames come. */
  readonly lagSeconds: number;
  readonly exchanges: {
    readonly open: number;
    readonly evicted: number;
    /** Those that have settled; null before the first look at them. */
    readonly all: VerdictCounts | null;
    readonly portZero: VerdictCounts | null;
  };
  /** By rule. */
  readonly findings: Readonly<Record<string, number>>;
  /** Null without -w. `missing`: flagged when they had gone. `bytes`: of frames that are held. */
  readonly evidence: { readonly frames: number; readonly missing: number; readonly bytes: number } | null;
  /** Records written and lost, and why nothing can be written at present. */
  readonly outputs: readonly {
    readonly name: string;
    readonly written: number;
    readonly lost: number;
    readonly failing: string | null;
  }[];
  /** Of this process, resident. */
  readonly memoryBytes: number;
}
export type StreamReporterFactory = (write: (text: string) => void, context: StreamContext) => StreamReporter;
