export { countAlike } from './alike';
export { evict, expire, finish, leastWorthKeeping, recordsUsed, reset, take, waiting } from './ordinary';
export { skipPcap, skipPcapng, skipRelayed } from './records';
export { linkOf } from './triage';
