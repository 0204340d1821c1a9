import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { askMetadata, readMetadata } from './kafka-metadata.ts';

const int32 = (value: number): number[] => [...Buffer.from(new Int32Array([value]).buffer).reverse()];
const string = (text: string): number[] => [0, text.length, ...Buffer.from(text)];
const noString = [0xff, 0xff];

test('brokers and controller are read from an answer, whether or not a broker has a rack', () => {
  const withoutRack = [...int32(1), ...string('127.0.0.1'), ...int32(9092), ...noString];
  const withRack = [...int32(3), ...string('host'), ...int32(9094), ...string('rack')];
  const brokers = [...withoutRack, ...withRack];
  const answer = (controller: number): Buffer =>
    Buffer.from([...int32(0), ...int32(2), ...brokers, ...string('abc'), ...int32(controller)]);
  expect(readMetadata(answer(3))).toEqual({ brokerIds: [1, 3], clusterId: 'abc', hasController: true });
  expect(readMetadata(answer(-1))).toEqual({ brokerIds: [1, 3], clusterId: 'abc', hasController: false });
});

test.each([
  ['says nothing', 50, () => undefined, 'did not answer within 50 ms'],
  ['hangs up', 20_000, (socket: { destroy(): void }) => socket.destroy(), 'closed the connection'],
])('a port that %s is no broker', async (_, withinMs, behave, message) => {
  const server = createServer((socket) => void socket.on('error', () => undefined).on('data', () => behave(socket)));
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  await expect(askMetadata(`127.0.0.1:${port}`, withinMs)).rejects.toThrow(message);
  server.close();
});
