import { t } from '@leftfold/core';
import { boundVersion } from '@leftfold/subscriptions';
import type { FollowerId, ModelVersion, RowTable, VersionState } from '@leftfold/subscriptions';
import { newTable } from '../read-models/model-scene.ts';
import type { VersionsHarness } from './versions-conformance.ts';

/** Opens the storage under test. */
export type OpenVersions = () => Promise<VersionsHarness>;

/** A projection of its own, with versions whose columns are the same unless said otherwise. */
export class VersionScene {
  readonly harness: VersionsHarness;
  readonly #first: RowTable = newTable();

  private constructor(harness: VersionsHarness) {
    this.harness = harness;
  }
  static async open(open: OpenVersions): Promise<VersionScene> {
    return new VersionScene(await open());
  }

  get projection(): string {
    return this.#first.projection;
  }
  table(version: number, differently: Partial<RowTable> = {}): RowTable {
    return { ...this.#first, version, ...differently };
  }
  /** One column more. */
  wider(version: number): RowTable {
    return this.table(version, { columns: { ...this.#first.columns, more: t.nullable(t.string()) } });
  }
  follower(version: number): FollowerId {
    return { name: this.projection, version };
  }
  /** Makes these versions' tables, one after the other, and makes all of them live, by hand where they are not. */
  async live(...tables: readonly RowTable[]): Promise<void> {
    for (const table of tables) {
      await this.harness.readModels.prepare(table);
      await this.harness.versions.set(this.follower(table.version), 'live');
    }
  }
  /** A process feeds a version until its lease ends. */
  async feed(version: number, owner: string): Promise<void> {
    const renewal = { follower: this.follower(version), owner, leaseMs: 300_000, lanes: [], claims: [] };
    await this.harness.checkpoints.renew([renewal]);
  }
  async leave(version: number, owner: string): Promise<void> {
    await this.harness.checkpoints.leave([{ follower: this.follower(version), owner }]);
  }
  list(): Promise<readonly ModelVersion[]> {
    return this.harness.versions.list(this.projection);
  }
  async states(): Promise<readonly (readonly [number, VersionState])[]> {
    return (await this.list()).map(({ version, state }) => [version, state] as const);
  }
  /** What queries read, as of now. */
  async reads(table: RowTable): Promise<number | undefined> {
    return boundVersion(table, await this.list())?.version;
  }
}
