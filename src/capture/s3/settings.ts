import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { whyUnreadable } from '../../unreadable.ts';
import { CaptureError } from '../errors.ts';

/** What AWS's own programs take from the environment and its files. */
export interface ObjectSettings {
  readonly region: string;
  /** Null for AWS itself. */
  readonly endpoint: URL | null;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

type Environment = Readonly<Record<string, string | undefined>>;
type Section = Readonly<Record<string, string>>;

/**
 * The environment first, as AWS's programs have it, then the profile (AWS_PROFILE, or "default"). Throws CaptureError no-permission
 * without keys, unreadable for an address that is none.
 */
export function readObjectSettings(environment: Environment = process.env): ObjectSettings {
  const of = (...names: readonly string[]) => names.map((name) => environment[name]).find((value) => value);
  const profile = of('AWS_PROFILE', 'AWS_DEFAULT_PROFILE');
  const [config, shared] = readProfile(environment, profile ?? 'default');
  const section = { ...config, ...shared };
  const inEnvironment = of('AWS_ACCESS_KEY_ID') !== undefined;
  const accessKeyId = inEnvironment ? of('AWS_ACCESS_KEY_ID') : section.aws_access_key_id;
  const secretAccessKey = inEnvironment ? of('AWS_SECRET_ACCESS_KEY') : section.aws_secret_access_key;
  const sessionToken = inEnvironment ? of('AWS_SESSION_TOKEN') : section.aws_session_token;
  if (!accessKeyId || !secretAccessKey) {
    const where = profile === undefined ? 'or a profile with keys (AWS_PROFILE)' : `the profile ${profile} has no keys`;
    throw new CaptureError(
      'no-permission',
      `s3: no keys: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are wanted; ${where}`,
    );
  }
  const endpoint = of('AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL') ?? section.endpoint_url;
  return {
    region: of('AWS_REGION', 'AWS_DEFAULT_REGION') ?? section.region ?? 'us-east-1',
    endpoint: endpoint ? parseEndpoint(endpoint) : null,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) },
  };
}

function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new CaptureError('unreadable', `AWS_ENDPOINT_URL: ${text} is no address, expected https://HOST`);
  }
  return url;
}

function readProfile(environment: Environment, profile: string): readonly [Section, Section] {
  const home = join(environment.HOME || homedir(), '.aws');
  const config = readSections(environment.AWS_CONFIG_FILE || join(home, 'config'));
  const shared = readSections(environment.AWS_SHARED_CREDENTIALS_FILE || join(home, 'credentials'));
  return [config.get(`profile ${profile}`) ?? config.get(profile) ?? {}, shared.get(profile) ?? {}];
}

/** Sections of an INI file; none where there is no file. Indented lines belong to services, of which we know none. */
function readSections(path: string): Map<string, Section> {
  const sections = new Map<string, Record<string, string>>();
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return sections;
    throw new CaptureError('unreadable', `${path}: cannot be read: ${whyUnreadable(error)}`);
  }
  let section: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const title = /^\[\s*(.+?)\s*\]/.exec(line);
    if (title !== null) {
      section = {};
      sections.set(title[1]!.replace(/\s+/, ' '), section);
    }
    const pair = /^([A-Za-z_]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (pair !== null) section[pair[1]!.toLowerCase()] = pair[2]!;
  }
  return sections;
}
