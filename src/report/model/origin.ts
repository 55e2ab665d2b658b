import type { EndpointReport, ExchangeReport, OriginReport } from './types.ts';

/** Who sent what an exchange is about: of an answer that nobody asked for the other end. */
export function senderOf({ probe, lateStart, client, server }: ExchangeReport): EndpointReport {
  return probe === null && !lateStart ? server : client;
}

/** "DE, AS64496 Example Ltd, scanner.example.net". Databases and name servers wrote it: it is fit for nothing yet. */
export function formatOrigin({ country, asn, organization, name }: OriginReport): string {
  const network = [asn === null ? null : `AS${asn}`, organization].filter((part) => part !== null).join(' ');
  return [country, network, name].filter((part) => part !== null && part !== '').join(', ');
}
