/** One end of an exchange or of a datagram. */
export interface Endpoint {
  /** Text form, IPv6 as RFC 5952 has it. */
  readonly address: string;
  readonly port: number;
}

/** "198.51.100.1:0", "[2001:db8::1]:0" (RFC 5952 §6). */
export function formatEndpoint(end: Endpoint): string {
  return end.address.includes(':') ? `[${end.address}]:${end.port}` : `${end.address}:${end.port}`;
}
