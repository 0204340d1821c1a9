import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { connect } from 'node:net';

const ALTER_SCRAM_CREDENTIALS = 51;
const SHA_512 = 2;
const ITERATIONS = 4_096;

/**
 * Gives a user of the cluster a password for SCRAM-SHA-512, or another one; asked of the broker at `host:port`, over a listener without authentication.
 * It counts a moment later. Rejects when the broker does not answer within 5 s, or refuses.
 *
 * Written by hand, because kafkajs has no such request, and Kafka's own tool takes a JVM and a second for each call.
 * Source: the Kafka protocol guide, "AlterUserScramCredentials API", version 0.
 */
export function setScramPassword(address: string, user: string, password: string): Promise<void> {
  const colon = address.lastIndexOf(':');
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
    let received = Buffer.alloc(0);
    socket.setTimeout(5_000, () => socket.destroy(new Error(`${address} did not answer`)));
    socket.once('connect', () => socket.write(request(user, password)));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`${address} closed the connection without an answer`)));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      // Length, correlation id, tags, throttle time, count of results, length of the name and name; then the code.
      const code = received.readInt16BE(4 + 4 + 1 + 4 + 1 + 1 + Buffer.byteLength(user));
      if (code === 0) resolve();
      else reject(new Error(`the broker does not take a password for ${user}: error ${code}`));
      socket.destroy();
    });
  });
}

function request(user: string, password: string): Buffer {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 64, 'sha512');
  const iterations = Buffer.alloc(4);
  iterations.writeInt32BE(ITERATIONS);
  const head = Buffer.alloc(11);
  head.writeInt16BE(ALTER_SCRAM_CREDENTIALS, 0);
  head.writeInt16BE(-1, 8);
  const body = Buffer.concat([
    head,
    // No deletions; one user.
    Buffer.from([1, 2]),
    compact(Buffer.from(user)),
    Buffer.from([SHA_512]),
    iterations,
    compact(salt),
    compact(salted),
    Buffer.from([0, 0]),
  ]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** One more than its length, then the bytes. */
function compact(bytes: Buffer): Buffer {
  if (bytes.length > 126) throw new RangeError('a name or salt of at most 126 bytes');
  return Buffer.concat([Buffer.from([bytes.length + 1]), bytes]);
}
