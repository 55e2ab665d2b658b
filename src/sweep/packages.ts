import { ServiceError } from './service-error.ts';

/** What talks to the servers. Nothing else needs them, so that they are installed by whoever sweeps. */
const PACKAGES = '@nats-io/transport-node @nats-io/jetstream pg';

export async function loadNats() {
  return orSay(async () => {
    const [transport, stream] = await Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')]);
    return { ...transport, ...stream };
  });
}

export async function loadPostgres() {
  return orSay(async () => (await import('pg')).default);
}

async function orSay<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new ServiceError(`packages are missing that talk to the servers: npm install ${PACKAGES}`);
  }
}
