import type { AnyAggregate, AnyRootClass } from '@leftfold/core';
import { Inject } from '@nestjs/common';
import type { InjectionToken } from '@nestjs/common';

type Injectable = AnyAggregate | AnyRootClass;

/** One symbol per definition and instance: definitions are values and not registered anywhere, so their identity names them. */
const tokens = new WeakMap<object, Map<string, symbol>>();

/** Injection token of an aggregate's repository. */
export function repositoryToken(aggregate: Injectable, instance = 'default'): InjectionToken {
  const ofDefinition = tokens.get(aggregate) ?? new Map<string, symbol>();
  tokens.set(aggregate, ofDefinition);
  const { category } = ('category' in aggregate ? aggregate : aggregate.aggregate) as { readonly category: string };
  const token = ofDefinition.get(instance) ?? Symbol(`repository of ${category} (${instance})`);
  ofDefinition.set(instance, token);
  return token;
}
/** Injection token of an instance's read models. */
export const readModelsToken = (instance = 'default'): InjectionToken => `LEFTFOLD_READ_MODELS:${instance}`;

/** The repository of an aggregate: `@InjectRepository(order) private readonly orders: Repository<typeof order>`. */
export function InjectRepository(aggregate: Injectable, instance?: string): ParameterDecorator & PropertyDecorator {
  return Inject(repositoryToken(aggregate, instance));
}
/** The application's read models, as the storage reads them; for Postgres `db: Kysely<TablesOf<typeof orderSummary>>`. */
export function InjectReadModels(instance?: string): ParameterDecorator & PropertyDecorator {
  return Inject(readModelsToken(instance));
}
/** Injection token of an instance's freshness. */
export const freshnessToken = (instance = 'default'): InjectionToken => `LEFTFOLD_FRESHNESS:${instance}`;
/** Waits for writes by hand, with what `@Token()` gives: `@InjectFreshness() private readonly freshness: Freshness`. */
export function InjectFreshness(instance?: string): ParameterDecorator & PropertyDecorator {
  return Inject(freshnessToken(instance));
}
