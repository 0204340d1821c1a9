import { log } from './0001-log.ts';
import { identity } from './0002-identity.ts';
import { snapshots } from './0003-snapshots.ts';
import { upkeep } from './0004-upkeep.ts';
import { roles } from './0005-roles.ts';
import { uniqueKeys } from './0006-unique-keys.ts';
import { milestones } from './0007-milestones.ts';
import { withheld } from './0008-withheld.ts';
import { parked } from './0009-parked.ts';
import { versions } from './0010-versions.ts';
import type { Migration } from './migration.ts';

/** All of them, by number. */
export const migrationList: readonly Migration[] = [
  log,
  identity,
  snapshots,
  upkeep,
  roles,
  uniqueKeys,
  milestones,
  withheld,
  parked,
  versions,
];
