import { readFileSync } from 'node:fs';
import { Reader } from 'mmdb-lib';
import type { OriginReport } from '../../report/model/types.ts';

/** What a database says of an address. Who makes it decides what is in it, so that nothing is taken for granted. */
type DatabaseRecord = Readonly<Record<string, unknown>>;

/** Addresses of which the origin is remembered; then all are forgotten. */
const MAX_REMEMBERED = 100_000;
/** Characters of an organization's name that are kept. */
const MAX_NAME = 200;

/** A file that is no database, or a damaged one. The message has no path: the caller knows how it was named. */
export class GeoDatabaseError extends Error {
  override readonly name = 'GeoDatabaseError';
}

/**
 * Databases in MaxMind's format (GeoLite2, GeoIP2, DB-IP, IPinfo …), read whole into memory. Where several know an address, each
 * adds what those before it do not have: countries and networks are mostly in files of their own.
 */
export class GeoDatabases {
  readonly #readers: Array<Reader<never>> = [];
  readonly #remembered = new Map<string, OriginReport | null>();

  /** Throws GeoDatabaseError, and what reading the file throws. */
  add(path: string): void {
    const bytes = readFileSync(path);
    try {
      this.#readers.push(new Reader<never>(bytes));
    } catch (error) {
      throw new GeoDatabaseError(`it is no database in MaxMind's format (.mmdb): ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  /** Null where no database knows the address. Throws GeoDatabaseError where one is damaged. */
  find(address: string): OriginReport | null {
    let origin = this.#remembered.get(address);
    if (origin === undefined) {
      if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
      origin = this.#ask(address);
      this.#remembered.set(address, origin);
    }
    return origin;
  }

  #ask(address: string): OriginReport | null {
    let [country, asn, organization]: [string | null, number | null, string | null] = [null, null, null];
    for (const reader of this.#readers) {
      const record = recordOf(reader, address);
      if (record === null) continue;
      country ??= countryOf(record);
      asn ??= asnOf(record);
      organization ??= organizationOf(record);
    }
    const isKnown = country !== null || asn !== null || organization !== null;
    return isKnown ? { country, asn, organization, name: null } : null;
  }
}

function recordOf(reader: Reader<never>, address: string): DatabaseRecord | null {
  try {
    // An IPv6 address in a database of IPv4 addresses only.
    if (address.includes(':') && reader.metadata.ipVersion === 4) return null;
    const record: unknown = reader.get(address);
    return typeof record === 'object' && record !== null ? (record as DatabaseRecord) : null;
  } catch (error) {
    throw new GeoDatabaseError(`it is damaged: ${(error as Error).message}`, { cause: error });
  }
}

/** ISO 3166-1: MaxMind's and DB-IP's `country.iso_code`; else where the block is registered; IPinfo's `country` or `country_code`. */
function countryOf({ country, registered_country, country_code }: DatabaseRecord): string | null {
  const codes = [isoCodeOf(country), isoCodeOf(registered_country), country_code, country];
  const code = codes.find((each): each is string => typeof each === 'string' && /^[A-Za-z]{2}$/.test(each));
  return code?.toUpperCase() ?? null;
}

function isoCodeOf(country: unknown): unknown {
  return typeof country === 'object' && country !== null ? (country as DatabaseRecord).iso_code : undefined;
}

/** MaxMind's and DB-IP's number; IPinfo's text, as in "AS64496". */
function asnOf({ autonomous_system_number, asn }: DatabaseRecord): number | null {
  for (const value of [autonomous_system_number, asn]) {
    const number =
      typeof value === 'string' && /^(?:AS)?\d{1,10}$/i.test(value) ? Number(value.replace(/^AS/i, '')) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < 2 ** 32) return number;
  }
  return null;
}

function organizationOf({ autonomous_system_organization, as_name, name }: DatabaseRecord): string | null {
  const text = [autonomous_system_organization, as_name, name].find(
    (each): each is string => typeof each === 'string' && each !== '',
  );
  return text === undefined ? null : [...text].slice(0, MAX_NAME).join('');
}
