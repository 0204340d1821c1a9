import type { EventId, StreamRef } from '@leftfold/core';
import type { EventName, StreamName } from '../history/history.ts';

/** Tenants use the same stream ids, and here and there the same event ids. */
export const TENANTS = ['', 'other'] as const;

const inTenant = (tenant: string, id: string): string => (tenant === '' ? id : `${tenant}/${id}`);

export const streamName = ({ tenant, id }: Pick<StreamRef, 'tenant' | 'id'>): StreamName => inTenant(tenant, id);
export const eventName = (tenant: string, id: EventId): EventName => inTenant(tenant, id);
