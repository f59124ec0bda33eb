export { readRejected, type Rejected, type RejectedEvents } from './read-rejected.ts';
