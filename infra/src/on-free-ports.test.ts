import { expect, test } from 'vitest';
import { InfraError } from './infra-error.ts';
import { onFreePorts } from './on-free-ports.ts';

const taken = (): InfraError => new InfraError('LF_INFRA_PORT_TAKEN', 'taken');

test('a server whose port was taken meanwhile is started again, five times in all', async () => {
  let starts = 0;
  const third = onFreePorts(() => {
    starts += 1;
    return starts < 3 ? Promise.reject(taken()) : Promise.resolve('server');
  });
  expect(await third).toBe('server');
  expect(starts).toBe(3);

  starts = 0;
  const never = onFreePorts(() => {
    starts += 1;
    return Promise.reject(taken());
  });
  await expect(never).rejects.toMatchObject({ code: 'LF_INFRA_PORT_TAKEN' });
  expect(starts).toBe(5);
});

test('any other failure is not repeated', async () => {
  let starts = 0;
  const failing = onFreePorts(() => {
    starts += 1;
    return Promise.reject(new InfraError('LF_INFRA_NOT_READY', 'broken'));
  });
  await expect(failing).rejects.toThrow('broken');
  expect(starts).toBe(1);
});
