export { evict, expire, finish, leastWorthKeeping, recordsUsed, reset, take } from './ledger';
export { skipPcap, skipPcapng, skipRelayed } from './records';
export { linkOf } from './triage';
