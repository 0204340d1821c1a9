import { randomUUID } from 'node:crypto';
import type { AppendShape } from '../append-shape.ts';
import type { Run } from '../run.ts';
import type { OpenSide, PeerSide } from '../sides/side.ts';
import { probe, type Findings, type ProbedStore } from './probe.ts';

/** A store that can be probed. */
export interface ProbedPeer {
  readonly name: string;
  readonly version: string;
  /** Makes its tables in an empty database. */
  prepare(url: string): Promise<void>;
  /** The store for the probe. */
  probed(url: string): Promise<{ readonly store: ProbedStore; readonly close: () => Promise<void> }>;
}

/** Another store. It is measured only after its probe, whose outcome stands beside its speed. */
export interface PeerStore extends ProbedPeer {
  /** Appends of a shape, each to a new stream that must not exist. */
  open(url: string, workers: number, shape: AppendShape): Promise<OpenSide>;
}

/** Probes a peer, once, and gives it as a side. */
export async function probedPeer(run: Run, peer: PeerStore, shape: AppendShape): Promise<PeerSide> {
  const findings = await findingsOf(run, peer);
  return {
    name: peer.name,
    version: peer.version,
    correct: findings.length === 0,
    findings,
    open: async (url, workers) => {
      await peer.prepare(url);
      return peer.open(url, workers, shape);
    },
  };
}

/** What the probe of a store found, on a database of its own. */
export async function findingsOf(run: Run, peer: ProbedPeer): Promise<Findings> {
  const findings = await probedOnce(run, peer);
  run.say(`probe of ${peer.name} ${peer.version}: ${findings.length === 0 ? 'passed' : findings.join('; ')}`);
  return findings;
}

async function probedOnce({ server }: Run, peer: ProbedPeer): Promise<Findings> {
  const url = await server.fresh();
  try {
    await peer.prepare(url);
    const { store, close } = await peer.probed(url);
    try {
      return await probe(store, randomUUID);
    } finally {
      await close();
    }
  } finally {
    await server.drop(url);
  }
}
